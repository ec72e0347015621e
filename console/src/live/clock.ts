/** The time as the live updates use it. Tests give a clock of their own. */
export type Clock = {
  now: () => number;
  /** Call a function later. Returns the function that cancels it. */
  after: (millis: number, call: () => void) => () => void;
};

export const browserClock: Clock = {
  now: () => Date.now(),
  after: (millis, call) => {
    const timer = setTimeout(call, millis);
    return () => clearTimeout(timer);
  },
};
