import { isRoadmapError } from "@roadmap/core/errors"
import { featureText } from "@roadmap/feature-store/definitions"
import { openFeatureRegistry } from "@roadmap/feature-store/registry"
import { defineStep } from "@roadmap/labkit/lab"
import { flightFeatures } from "./definitions.ts"

/** Puts the views and the service into the feature registry: whoever trains or serves finds them there by name. */
export const defineFeatures = defineStep({
  id: "define",
  title: "Define feature views and the service, and register them",
  inputs: async () => ({ service: flightFeatures.version }),
  intact: async ({ config }, { service, version }: { service: string; version: string }) => {
    using registry = openFeatureRegistry(config)
    try {
      registry.get("service", service, version)
      return true
    } catch (error) {
      if (isRoadmapError(error, "NOT_FOUND")) return false
      throw error
    }
  },
  async run({ config }) {
    using registry = openFeatureRegistry(config)
    registry.register(flightFeatures)
    const columns = [...flightFeatures.views, ...flightFeatures.onDemand].reduce(
      (count, { features }) => count + Object.keys(features).length,
      0,
    )
    return {
      service: flightFeatures.name,
      version: flightFeatures.version,
      views: flightFeatures.views.map(({ view, keys, features }) => ({
        view: view.name,
        version: view.version,
        keys: Object.values(keys),
        description: view.description,
        features: features.map(({ feature, as }) => ({
          name: as,
          meaning: featureText(view.features[feature]),
        })),
      })),
      onDemand: flightFeatures.onDemand.flatMap(({ features }) => Object.keys(features)),
      metrics: { "features/service/columns/all": columns },
    }
  },
})
