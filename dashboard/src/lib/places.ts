/** Time zones and currencies to choose from, as the browser knows them. */
export const TIME_ZONES: string[] = ["UTC", ...Intl.supportedValuesOf("timeZone")].filter(
  (zone, index, all) => all.indexOf(zone) === index,
);
export const CURRENCIES: string[] = Intl.supportedValuesOf("currency");
