import { defineEntity, defineFeatureView } from "@roadmap/feature-store/definitions"
import { defineOnDemandView } from "@roadmap/feature-store/on-demand"
import { defineFeatureService } from "@roadmap/feature-store/services"
import { factsTable } from "./contract.ts"

const owner = "flight-models"
const tags = { "roadmap.month": "2026-03" }

const airport = defineEntity({
  name: "airport",
  keys: { airport: "string" },
  description: "By its IATA code",
})
const route = defineEntity({ name: "route", keys: { origin: "string", destination: "string" } })
const airportHour = defineEntity({ name: "airport_hour", keys: { airport: "string", hour: "int32" } })
const routeHour = defineEntity({
  name: "route_hour",
  keys: { origin: "string", destination: "string", hour: "int32" },
})
const network = defineEntity({ name: "network", keys: { network: "string" } })

/** Outcomes are known at arrival. */
const outcomes = {
  table: factsTable,
  eventTime: "departed_at",
  knownTime: "known_at",
  createdTime: "created_at",
}
/** That a flight left is known when it left. */
const departures = { ...outcomes, knownTime: "departure_known_at" }

// #region views
export const arrivals = defineFeatureView({
  name: "airport_arrivals",
  entity: airport,
  source: { ...outcomes, keys: { airport: "destination" } },
  features: {
    delay_1h: { aggregate: "mean", column: "delay", window: "1h" },
    delay_3h: { aggregate: "mean", column: "delay", window: "3h" },
    delay_24h: { aggregate: "mean", column: "delay", window: "24h" },
    late_3h: { aggregate: "share", column: "is_late", window: "3h" },
    flights_3h: { aggregate: "count", window: "3h" },
  },
  owner,
  description:
    "Flights that have arrived at the airport: at the origin they are the aircraft that leave next",
  tags,
})
// #endregion

export const departed = defineFeatureView({
  name: "airport_departures",
  entity: airport,
  source: { ...outcomes, keys: { airport: "origin" } },
  features: {
    delay_3h: { aggregate: "mean", column: "delay", window: "3h" },
    delay_24h: { aggregate: "mean", column: "delay", window: "24h" },
    delay_7d: { aggregate: "mean", column: "delay", window: "7d" },
    late_3h: { aggregate: "share", column: "is_late", window: "3h" },
  },
  owner,
  description: "Outcomes of the flights that left the airport",
  tags,
})

export const routes = defineFeatureView({
  name: "route_outcomes",
  entity: route,
  source: outcomes,
  features: {
    delay_24h: { aggregate: "mean", column: "delay", window: "24h" },
    delay_7d: { aggregate: "mean", column: "delay", window: "7d" },
    delay_28d: { aggregate: "mean", column: "delay", window: "28d" },
    flights_28d: { aggregate: "count", window: "28d" },
  },
  owner,
  description: "Outcomes on the same route",
  tags,
})

export const departureHours = defineFeatureView({
  name: "origin_hour_outcomes",
  entity: airportHour,
  source: { ...outcomes, keys: { airport: "origin" } },
  features: { delay_28d: { aggregate: "mean", column: "delay", window: "28d" } },
  owner,
  description: "Outcomes of flights that left the airport in the same hour of the day, by its clock",
  tags,
})

export const routeHours = defineFeatureView({
  name: "route_hour_outcomes",
  entity: routeHour,
  source: outcomes,
  features: { delay_28d: { aggregate: "mean", column: "delay", window: "28d" } },
  owner,
  description: "Outcomes on the same route in the same hour of the day",
  tags,
})

export const networkOutcomes = defineFeatureView({
  name: "network_outcomes",
  entity: network,
  source: outcomes,
  features: {
    delay_1h: { aggregate: "mean", column: "delay", window: "1h" },
    delay_3h: { aggregate: "mean", column: "delay", window: "3h" },
    delay_24h: { aggregate: "mean", column: "delay", window: "24h" },
  },
  owner,
  description: "Outcomes everywhere: a bad day is bad in many places",
  tags,
})

export const traffic = defineFeatureView({
  name: "airport_traffic",
  entity: airport,
  source: { ...departures, keys: { airport: "origin" } },
  features: { departures_1h: { aggregate: "count", window: "1h" } },
  owner,
  description: "Departures of the last hour",
  tags,
})

/** What the request itself says. The same function computes it for training and when a flight is asked about. */
export const flight = defineOnDemandView({
  name: "flight",
  request: ["weekday", "hour", "minute_of_day", "distance"],
  features: {
    weekday_number: "number",
    hour_of_day: "number",
    minute: "number",
    miles: "number",
  },
  compute: ({ weekday, hour, minute_of_day, distance }) => ({
    weekday_number: weekday,
    hour_of_day: hour,
    minute: minute_of_day,
    miles: distance,
  }),
  description: "Calendar and distance of the flight that is asked about",
})

export const origin = { airport: "origin" }
export const destination = { airport: "destination" }

// #region service
export const flightFeatures = defineFeatureService({
  name: "flight_features",
  views: [
    { view: arrivals, keys: origin, prefix: "inbound_" },
    { view: arrivals, keys: destination, prefix: "destination_" },
    { view: departed, keys: origin, prefix: "origin_" },
    { view: routes, prefix: "route_" },
    { view: departureHours, keys: origin, prefix: "origin_hour_" },
    { view: routeHours, prefix: "route_hour_" },
    { view: networkOutcomes, prefix: "network_" },
    { view: traffic, keys: origin },
  ],
  onDemand: [flight],
  owner,
  description: "What is known of a flight's airports, route, hour and network when it departs",
  tags,
})
// #endregion
