/** Says why no browser can be started here, with exit code 1; says nothing when one can. */
import { launchBrowser } from "./browser.ts";

try {
  await (await launchBrowser()).close();
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
  process.exit(1);
}
