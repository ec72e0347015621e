import { useEffect, useState } from "react";

/** A value that changes often, as it was at most this long ago. The first known value is used immediately. */
export function useSettled<T>(value: T, millis: number): T {
  const [settled, setSettled] = useState({ value, at: 0 });
  useEffect(() => {
    if (Object.is(settled.value, value)) return;
    const wait = settled.value === null ? 0 : settled.at + millis - Date.now();
    const timer = setTimeout(() => setSettled({ value, at: Date.now() }), Math.max(0, wait));
    return () => clearTimeout(timer);
  }, [value, millis, settled.value, settled.at]);
  return settled.value;
}
