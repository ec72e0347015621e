import { Slider } from "radix-ui";
import { useId } from "react";
import { cores, MISSING } from "@/format/numbers";
import styles from "./MemorySlider.module.css";
import { MEMORY_SIZES } from "./options";

type Props = {
  /** Megabytes; null if the build computes them. */
  value: number | null;
  /** Where the default comes from, such as "The build's default is 1024". */
  note: string;
  /** USD for one GB for one hour; null if it is not known. */
  usdPerUnit: number | null;
  onChange: (mbytes: number) => void;
};

/** The memory of a run in powers of two, and what comes with it. */
export function MemorySlider({ value, note, usdPerUnit, onChange }: Props) {
  const id = useId();
  const position = value === null ? -1 : nearestPosition(value);
  const size = value ?? MEMORY_SIZES[3];
  return (
    <div className={styles.memory}>
      <div className={styles.head}>
        <span id={id} className={styles.label}>
          Memory, MB
        </span>
        <span className={styles.note}>{note}</span>
      </div>
      <Slider.Root
        className={styles.slider}
        min={0}
        max={MEMORY_SIZES.length - 1}
        step={1}
        value={[Math.max(0, position)]}
        onValueChange={([next = 0]) => onChange(MEMORY_SIZES[next] ?? size)}
      >
        <Slider.Track className={styles.track}>
          {position >= 0 && <Slider.Range className={styles.range} />}
          {MEMORY_SIZES.map((each, index) => (
            <span key={each} className={styles.tick} style={{ left: `${shareOf(index) * 100}%` }} />
          ))}
        </Slider.Track>
        <Slider.Thumb
          className={styles.thumb}
          data-unset={position < 0}
          aria-labelledby={id}
          aria-valuetext={value === null ? "Computed by the build" : `${value} megabytes, ${cores(value)}`}
        />
      </Slider.Root>
      <div className={styles.sizes} aria-hidden>
        {MEMORY_SIZES.map((each, index) => (
          <button
            key={each}
            type="button"
            tabIndex={-1}
            style={placeOf(index)}
            data-current={index === position}
            onClick={() => onChange(each)}
          >
            {each}
          </button>
        ))}
      </div>
      <dl className={styles.facts}>
        <Fact name="CPU" value={value === null ? MISSING : cores(value)} />
        <Fact name="Disk" value={value === null ? MISSING : `${value * 2} MB`} />
        <Fact name="Cost, estimated" value={value === null ? MISSING : costText(value, usdPerUnit)} />
      </dl>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** The center of the thumb never reaches the ends of the track: half of it stays inside. */
function placeOf(index: number) {
  return { left: `calc(var(--thumb) / 2 + (100% - var(--thumb)) * ${shareOf(index)})` };
}

function shareOf(index: number): number {
  return index / (MEMORY_SIZES.length - 1);
}

function nearestPosition(mbytes: number): number {
  const distances = MEMORY_SIZES.map((size) => Math.abs(size - mbytes));
  return distances.indexOf(Math.min(...distances));
}

function costText(mbytes: number, usdPerUnit: number | null): string {
  if (usdPerUnit === null) return MISSING;
  const usd = (mbytes / 1024) * usdPerUnit;
  return `$${usd < 0.1 ? usd.toFixed(3) : usd.toFixed(2)} per hour`;
}
