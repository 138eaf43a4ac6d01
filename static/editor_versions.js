// All versions of the answer, the newest first.

import { copy, put, show } from "./desk_dom.js";
import { clock, number, say } from "./desk_words.js";

export function drawVersions(versions) {
  const lines = versions.map((version) => {
    const line = copy("version-template");
    const at = version.retracted_at ?? version.published_at ?? version.saved_at;
    put(line, "version", say("version", { version: number(version.version) }));
    put(line, "state", say(`version_${version.state}`));
    put(line, "at", clock(at));
    put(line, "reason", version.retract_reason || version.reason);
    line.querySelector("time").dateTime = at;
    return line;
  });
  document.getElementById("versions").replaceChildren(...lines);
  show(document.getElementById("no-version"), lines.length === 0);
}
