// Derived metrics: `gap := loss/val - loss/train`. Such a name can be used like a metric's. The
// server computes its points (series/derived). Pure.

const SIGN = " := ";

export const isDerived = (metric) => metric.includes(SIGN);

/** The title of a metric: for a derived one the part before its expression. */
export const titleOf = (metric) => metric.split(SIGN)[0];

/** The expression of a derived metric. */
export const expressionOf = (metric) => metric.slice(metric.indexOf(SIGN) + SIGN.length);

/** @returns {string} the name of a derived metric. Its content is on one line */
export const derivedName = (title, expression) => title.trim() + SIGN + expression.trim().replaceAll(/\s+/g, " ");
