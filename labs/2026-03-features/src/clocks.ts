import { dirname, join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { flightsFile } from "@roadmap/lab-2026-02-foundations/ingest"
import { quoteText } from "@roadmap/warehouse/identifiers"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { rowsOf } from "@roadmap/warehouse/rows"

/** IANA time zone -> states whose airports keep it. `NA` is how the airports' file writes Marquette, Michigan. */
const zoneStates: Record<string, string> = {
  "America/New_York": "CT DC DE FL GA KY MA MD ME NC NH NJ NY OH PA RI SC VA VT WV",
  "America/Detroit": "MI NA",
  "America/Indiana/Indianapolis": "IN",
  "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
  "America/Denver": "CO MT NM UT WY",
  "America/Boise": "ID",
  "America/Phoenix": "AZ",
  "America/Los_Angeles": "CA NV OR WA",
  "America/Anchorage": "AK",
  "Pacific/Honolulu": "HI",
  "America/Puerto_Rico": "PR VI",
}

/** Airports whose clock is not that of most of their state. */
const zoneAirports: Record<string, string> = {
  "America/Chicago": "PNS VPS EVV",
  "America/New_York": "CHA TRI TYS",
  "America/Denver": "ELP RAP",
}

/** The clocks change in the night to this day (2001), where they change. */
const summerFrom = "2001-04-01 02:00:00"

/** One row an airport of `gold.flights`, with its clock's minutes from UTC before and after the change to summer time. */
export const writeClocks = async (engine: SqlEngine, signal: AbortSignal): Promise<number> => {
  const airports = rowsOf<{ airport: string; state: string | null }>(
    await engine.query(
      `SELECT airport, state FROM (SELECT origin AS airport FROM gold.flights UNION SELECT destination FROM gold.flights) AS seen
       LEFT JOIN read_csv(${quoteText(airportsFile())}, all_varchar = true) AS places ON places.iata = airport
       ORDER BY airport`,
      [],
      { signal },
    ),
  )
  const unknown = airports.filter(({ airport, state }) => zoneOf(airport, state) === undefined)
  if (unknown.length > 0)
    throw new RoadmapError(
      "INVALID_INPUT",
      `The clock of ${unknown.length} airports is not known: ${unknown
        .slice(0, 5)
        .map(({ airport }) => airport)
        .join(", ")}.`,
      { hint: "Add their time zone to the lab's clocks.ts: without it nobody can say what was known when." },
    )
  const rows = airports.map(({ airport, state }) => {
    const zone = zoneOf(airport, state)!
    return `(${quoteText(airport)}, ${quoteText(zone)}, ${minutesFromUtc(zone, "2001-02-01")}, ${minutesFromUtc(zone, "2001-06-01")})`
  })
  await engine.query(
    `CREATE OR REPLACE TABLE gold.airport_clocks AS
     SELECT * FROM (VALUES ${rows.join(", ")}) AS clocks(airport, zone, winter, summer)`,
    [],
    { signal },
  )
  return airports.length
}

/** A departure by the origin's clock, in UTC. `clock` is its row of gold.airport_clocks. */
export const utcSql = (local: string, clock: string): string =>
  `${local} - to_minutes(CASE WHEN ${local} < TIMESTAMP '${summerFrom}' THEN ${clock}.winter ELSE ${clock}.summer END)`

const zoneOf = (airport: string, state: string | null): string | undefined =>
  zoneListing(zoneAirports, airport) ?? (state === null ? undefined : zoneListing(zoneStates, state))

const zoneListing = (zones: Record<string, string>, name: string): string | undefined =>
  Object.keys(zones).find(zone => zones[zone].split(" ").includes(name))

const minutesFromUtc = (timeZone: string, day: string): number => {
  const noon = new Date(`${day}T12:00:00Z`)
  const parts = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" }).formatToParts(noon)
  const [, sign, hours, minutes] = /GMT([+-])(\d{2}):(\d{2})/.exec(
    parts.find(({ type }) => type === "timeZoneName")!.value,
  )!
  return (sign === "-" ? -1 : 1) * (60 * Number(hours) + Number(minutes))
}

const airportsFile = (): string => join(dirname(flightsFile()), "airports.csv")
