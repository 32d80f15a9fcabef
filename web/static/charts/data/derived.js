// Derived metrics: `gap := loss/val - loss/train`. Such a name takes the place of a metric's. The server
// computes its points (series/derived). Pure.

const SIGN = " := ";

export const isDerived = (metric) => metric.includes(SIGN);

/** What people read: of a derived metric what is before its expression. */
export const titleOf = (metric) => metric.split(SIGN)[0];

/** The expression of a derived metric. */
export const expressionOf = (metric) => metric.slice(metric.indexOf(SIGN) + SIGN.length);

/** @returns {string} the name of a derived metric. What is within is in one line */
export const derivedName = (title, expression) => title.trim() + SIGN + expression.trim().replaceAll(/\s+/g, " ");
