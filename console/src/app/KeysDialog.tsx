import { Dialog } from "@/ui/Dialog";
import { Switch } from "@/ui/Field";
import { useStore } from "@/ui/store";
import { isKeysDialogOpen, KEY_GROUPS } from "./globalKeys";
import styles from "./KeysDialog.module.css";
import { changePreferences, preferences } from "./preferences";

/** All keys, and the switch that turns those without Ctrl off. */
export function KeysDialog() {
  const { hasKeys } = useStore(preferences);
  return (
    <Dialog title="Keys" wide onClose={() => isKeysDialogOpen.set(false)}>
      <div className={styles.groups}>
        {KEY_GROUPS.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([names, effect]) => (
                <div key={effect}>
                  <dt>
                    {names.map((name) => (
                      <kbd key={name}>{name}</kbd>
                    ))}
                  </dt>
                  <dd>{effect}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <Switch
        label="Use keys without Ctrl. They are always off inside fields."
        checked={hasKeys}
        onChange={(isOn) => changePreferences({ hasKeys: isOn })}
      />
    </Dialog>
  );
}
