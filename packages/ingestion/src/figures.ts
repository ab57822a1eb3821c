const thousands = new Intl.NumberFormat("en-US", { maximumFractionDigits: 6 })
const percents = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 })

/** 1204 as "1,204". */
export const numberText = (value: number): string => thousands.format(value)

/** 0.001 as "0.1 %". */
export const shareText = (share: number): string => `${percents.format(share * 100)} %`

/** "1 day", "2 days", "1,204 rows". */
export const countText = (count: number, noun: string): string =>
  `${numberText(count)} ${noun}${count === 1 ? "" : "s"}`
