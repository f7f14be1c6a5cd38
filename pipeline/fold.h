/* fold.h - appends tokens, and folds what only repeats or continues the ones before
 *
 * Threads: as struct tokens. Pure.
 * Limits: TOKENS_MAX; what does not fit sets tokens->cut.
 */
#ifndef SIFTD_PIPELINE_FOLD_H
#define SIFTD_PIPELINE_FOLD_H

#include "pipeline/normalize.h"

/* class, type, begin, end, field, digits, run_len, gap, quoted are the caller's */
void fold_token(struct tokens *tokens, const struct token *token);
/* as a token whose folded text is not in tokens->text: it has no place there */
void fold_synthetic(struct tokens *tokens, struct slice text, enum token_class class);
/* what a number with this unit measures; false: no unit */
bool fold_unit(struct slice word, enum variable_type *type);

#endif
