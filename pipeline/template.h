/* template.h - a template on its own: tokens that need no record any more
 *
 * Threads: one owner at a time. Owner: template_free; one allocation each.
 * Limits: those of struct tokens; a gap between tokens is cut at TEMPLATE_GAP_MAX.
 */
#ifndef SIFTD_PIPELINE_TEMPLATE_H
#define SIFTD_PIPELINE_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "pipeline/normalize.h"

#define TEMPLATE_GAP_MAX 64
/* bytes of a gap that an outline keeps */
#define OUTLINE_GAP 4

struct template_token {
	uint64_t hash; /* of the folded text */
	uint32_t text; /* offsets into bytes */
	uint32_t gap;
	uint16_t text_len;
	uint16_t gap_len;
	uint16_t field;
	uint8_t class;
	uint8_t type;
};

/* kept in the struct, so that asking costs nothing on a long template */
struct template
{
	size_t count;
	size_t bytes_len;
	uint64_t content; /* sum of template_position_hash over all tokens */
	size_t constants; /* tokens that are surely constant text */
	size_t words;     /* those of them that are words or names */
	uint32_t tail;    /* gap behind the last token */
	uint32_t tail_len;
	struct template_token *tokens;
	char *bytes; /* the serialised form */
};

/* tokens that are surely constant text */
static inline bool template_is_constant(uint8_t class)
{
	return class != TOKEN_VARIABLE && class != TOKEN_VALUE && class != TOKEN_KEYS;
}

enum template_style {
	TEMPLATE_TYPED, /* <num>, <ip>, ... */
	TEMPLATE_STARS  /* <*> for every variable */
};

/* what can be asked of a template without its texts: all but the rendering */
struct template_outline {
	struct template template;
	struct template_token tokens[TOKENS_MAX];
	char gaps[TOKENS_MAX * OUTLINE_GAP]; /* the first bytes of each */
};

/* valid until the next call with the same outline; has no texts and is not serialised
 */
const struct template *template_outline(struct template_outline *outline,
					const struct tokens *tokens);
struct template *template_new(const struct tokens *tokens);
/* bit i of wild makes token i a variable */
struct template *template_generalise(const struct template *from, const uint64_t *wild);
/* tokens [first, first + count) become one variable */
struct template *template_collapse(const struct template *from, size_t first,
				   size_t count);
/* tokens [first, first + count) become one variable that stands for any tokens */
struct template *template_open(const struct template *from, size_t first, size_t count);
/* where such a variable is, SIZE_MAX: it has none */
size_t template_opening(const struct template *template);
/* all tokens become variables that still know the class they had */
struct template *template_free_text(const struct template *from);
/* stands for all messages of a length class that begin with a value, or do not; the
 * class is the `field` of its second token */
struct template *template_free_length(unsigned length_class, bool begins_with_value);
bool template_is_free_length(const struct template *template);
bool template_is_free_text(const struct template *template);
/* NULL: the bytes are not a serialised template */
struct template *template_parse(struct slice bytes);
void template_free(struct template **template);
/* memory held */
size_t template_size(const struct template *template);
/* the fingerprint of the folded texts; equals normalize_fingerprint with its seed */
uint64_t template_fingerprint(const struct template *template, uint64_t seed);
void template_render(const struct template *template, enum template_style style,
		     struct buf *out);
struct slice template_text(const struct template *template, size_t index);
uint64_t template_position_hash(uint64_t token_hash, size_t index);
/* a hash of tokens [i, end) for tokens [i - places, end - places) */
uint64_t template_shifted_hash(uint64_t hash, size_t places);
/* hash of the folded text of a variable */
uint64_t template_variable_hash(void);
/* hash of a folded text, as in template_token.hash */
uint64_t template_token_hash(struct slice folded);
/* content with the token as a variable */
static inline uint64_t template_content_without(const struct template *template,
						uint64_t content, size_t index)
{
	return content - template_position_hash(template->tokens[index].hash, index) +
	       template_position_hash(template_variable_hash(), index);
}

static inline bool wild_has(const uint64_t *wild, size_t index)
{
	return (wild[index / 64] >> (index % 64) & 1) != 0;
}

static inline void wild_add(uint64_t *wild, size_t index)
{
	wild[index / 64] |= (uint64_t)1 << (index % 64);
}

#define WILD_WORDS (TOKENS_MAX / 64)

#endif
