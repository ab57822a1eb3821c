import { alignColumns, checkNumbers, MISSING } from "../columns.ts"
import type { CategoricalColumn, Features, NumericColumn } from "../features.ts"
import type { LinearCoefficients } from "./design.ts"

/**
 * intercept + coefficients · row, for every row: the prediction of ridge, the log odds of a logistic
 * regression.
 */
export const linearResponse = (model: LinearCoefficients, features: Features): Float64Array => {
  const response = new Float64Array(features.rows).fill(model.intercept)
  let place = 0
  alignColumns(model.features, features).forEach((column, feature) => {
    const hasIndicator = model.indicators[feature] === 1
    if (column.kind === "numeric") {
      const effect = hasIndicator ? model.coefficients[place + 1] : 0
      addNumbers(response, checkNumbers(column, "allow"), {
        coefficient: model.coefficients[place],
        whenMissing: model.coefficients[place] * model.fill[feature] + effect,
      })
      place += 1
    } else {
      const end = place + column.categories.length
      addCategories(response, column, {
        effects: model.coefficients.subarray(place, end),
        whenMissing: hasIndicator ? model.coefficients[end] : 0,
      })
      place = end
    }
    if (hasIndicator) place += 1
  })
  return response
}

const addNumbers = (
  response: Float64Array,
  { values }: NumericColumn,
  { coefficient, whenMissing }: { coefficient: number; whenMissing: number },
): void => {
  for (let row = 0; row < response.length; row++) {
    const term = values[row] * coefficient
    response[row] += Number.isNaN(term) ? whenMissing : term
  }
}

const addCategories = (
  response: Float64Array,
  { codes }: CategoricalColumn,
  { effects, whenMissing }: { effects: Float64Array; whenMissing: number },
): void => {
  for (let row = 0; row < response.length; row++) {
    const code = codes[row]
    if (code >= 0) response[row] += effects[code]
    else if (code === MISSING) response[row] += whenMissing
  }
}
