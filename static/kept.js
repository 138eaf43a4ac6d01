/** What this device keeps for one event. With storage switched off it lasts as long as the page. */
const memory = new Map();

export function kept(base, name, empty) {
  const key = `qa:${base}:${name}`;
  return {
    get() {
      try {
        return JSON.parse(localStorage.getItem(key)) ?? empty;
      } catch {
        return memory.get(key) ?? empty;
      }
    },
    set(value) {
      memory.set(key, value);
      try {
        localStorage.setItem(key, JSON.stringify(value));
      } catch {
        // Switched off or full: memory has it.
      }
      return value;
    },
  };
}
