import { CommandLine } from "@/ui/CommandLine";
import { Section } from "@/ui/Page";

/** How to set the local folder whose current files each run mounts. Only the command line can set it. */
export function DevFolder() {
  return (
    <Section
      title="Development folder"
      note="Its current files replace those of the image in each run, without a new build"
    >
      <div>
        <p>The console cannot set this folder. Set it with this command on the machine of the server:</p>
        <CommandLine command="greenroom push --dev ./my-actor" />
      </div>
    </Section>
  );
}
