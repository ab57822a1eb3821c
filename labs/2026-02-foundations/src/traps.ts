import { defineStep } from "@roadmap/labkit/lab"
import { fitBoosting } from "@roadmap/ml/boosting/fit"
import { rmse } from "@roadmap/ml/metrics/regression"
import { predict } from "@roadmap/ml/model"
import { openWarehouse } from "@roadmap/warehouse/open"
import { loadDataset } from "./dataset.ts"
import { buildFeatures, type FeatureRecipe, featuresSql } from "./features.ts"
import { splits } from "./split.ts"

const recipes = {
  sound: { crossFitted: true, backOff: true },
  "own answer inside": { crossFitted: false, backOff: true },
  "marker for unseen groups": { crossFitted: true, backOff: false },
} as const satisfies Record<string, FeatureRecipe>
type RecipeName = keyof typeof recipes

/** RMSE in minutes of the same model on features built by this recipe. */
export interface Trap {
  recipe: RecipeName
  train: number
  validation: number
  test: number
}

const table = "gold.flight_features_trap"
const parameters = { trees: 60, learningRate: 0.1, leaves: 31, minRowsPerLeaf: 200 }

/** Walks into the two traps of target statistics on purpose, and measures what each costs. Nothing of it is registered. */
export const walkIntoTraps = defineStep({
  id: "traps",
  title: "Two ways to build leaking features, and what they cost",
  needs: [buildFeatures],
  async run(context) {
    const { config, signal, progress, random } = context
    await using engine = await openWarehouse(config)
    const seed = random.integer(2 ** 31)
    const measure = async (recipe: RecipeName): Promise<Trap> => {
      await engine.query(featuresSql(table, recipes[recipe]), [], { signal })
      const train = await loadDataset(engine, "train", { table, signal })
      const model = await fitBoosting({
        features: train.features,
        target: train.delay,
        parameters,
        seed,
        signal,
        onProgress: ({ tree, trees }) => progress({ label: recipe, done: tree, total: trees, unit: "trees" }),
      })
      const scores = { train: 0, validation: 0, test: 0 }
      for (const split of splits) {
        const data = split === "train" ? train : await loadDataset(engine, split, { table, signal })
        scores[split] = rmse(data.delay, predict(model, data.features))
      }
      return { recipe, ...scores }
    }
    const traps: Trap[] = []
    for (const recipe of Object.keys(recipes) as RecipeName[])
      traps.push(await context.checkpoint(recipe.replaceAll(" ", "-"), () => measure(recipe)))
    await engine.query(`DROP TABLE IF EXISTS ${table}`)
    return { traps }
  },
})
