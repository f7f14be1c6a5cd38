/* normalize.h - a record's message as a sequence of classed tokens, and its fingerprint
 *
 * Threads: a struct tokens belongs to one thread. Pure.
 * Owner: tokens borrow from the record's body (and from nothing else).
 * Limits: TOKENS_MAX tokens; a longer message is normalized up to there (counted by the
 * caller through tokens.cut). Source: the algorithm that docs/grouping.md describes.
 */
#ifndef SIFTD_PIPELINE_NORMALIZE_H
#define SIFTD_PIPELINE_NORMALIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "pipeline/record.h"

#define TOKENS_MAX 256
/* longer words are taken for blobs, which vary */
#define TOKEN_TEXT_MAX 64
/* tokens looked back for repetitions */
#define TOKENS_BEHIND 8
/* short texts are copied as 16 bytes, hence some room at the end */
#define TOKENS_FOLDED_MAX (TOKENS_MAX * (TOKEN_TEXT_MAX + 4) + 16)
/* stored beside every fingerprint; a new lexer gets a new version */
#define NORMALIZE_VERSION 3

/* what a variable looks like; names the placeholder in the readable template. Stored in
 * serialised templates: append only */
enum variable_type {
	VARIABLE_ANY,
	VARIABLE_NUMBER,
	VARIABLE_IP,
	VARIABLE_HEX,
	VARIABLE_UUID,
	VARIABLE_PATH,
	VARIABLE_URL,
	VARIABLE_EMAIL,
	VARIABLE_TIME,
	VARIABLE_DURATION,
	VARIABLE_SIZE,
	VARIABLE_ID,
	VARIABLE_USER,
	VARIABLE_TYPE_COUNT
};

/* how readily a token is taken for a variable once it is seen to vary. Stored in
 * serialised templates: append only */
enum token_class {
	TOKEN_VARIABLE, /* surely one */
	TOKEN_WORD,     /* letters only */
	TOKEN_INDEXED,  /* a name with at most two digits, or with one dot */
	TOKEN_NUMBERED, /* a name with a longer number */
	TOKEN_DOTTED,   /* two dots, @, / or \ : hosts, classes, files */
	TOKEN_VALUE,    /* stands behind `=`, or alone in quotes */
	TOKEN_NAME,     /* part of a route or a stack: varies only by explosion */
	TOKEN_KEYS,     /* a set of keys; not shown */
	TOKEN_REST,     /* of templates only: any tokens, any number of them */
	TOKEN_CLASS_COUNT
};

enum token_gap {
	GAP_SOURCE, /* the text between this token and the one before */
	GAP_BLANK,  /* one blank: the source holds something that is left out */
	GAP_NONE
};

/* text[begin, end) is the value; a constant's folded text is the same, with its digits
 * replaced by FOLDED_VARIABLE:
 *
 *	text    blk_-1608999687919862906 terminating
 *	        ^begin                  ^end
 *	folded  blk_ 01 00 terminating 00
 */
struct token {
	uint32_t begin;
	uint32_t end;
	uint32_t next; /* where the gap to the next token begins: behind what folded */
	uint32_t folded; /* offset of its folded text */
	uint16_t folded_len;
	uint16_t field;   /* number of its blank-separated field */
	uint16_t digits;  /* offset of the digit run behind begin, and its length: */
	uint16_t run_len; /* 0 when the folded text is the text */
	uint8_t class;
	uint8_t type;
	uint8_t gap;
	uint8_t quoted; /* alone between two quotes */
};

#define FOLDED_VARIABLE '\x01'

struct tokens {
	struct slice text;
	size_t count;
	size_t folded_len;
	bool cut; /* the message goes on behind the last token */
	struct token items[TOKENS_MAX];
	/* of the folded texts; equal texts have equal marks. Token i has [i +
	 * TOKENS_BEHIND], so that looking back from the first needs no test. */
	uint32_t marks[TOKENS_MAX + TOKENS_BEHIND];
	char folded[TOKENS_FOLDED_MAX]; /* texts, each with a NUL behind it */
};

struct variable {
	char name[32];
	enum variable_type type;
	struct slice value; /* borrows from the body */
};

/* fills tokens from the record (its body; format decides for JSON, access logs, traces)
 */
void normalize_record(const struct record *record, struct tokens *tokens);
/* the leaf fingerprint: stateless, equal on every machine */
uint64_t normalize_fingerprint(const struct tokens *tokens);
/* the values in template order, named by their key or by their type and number; returns
 * how many, at most max. wild (from learner_wild; may be NULL) has a bit for each token
 * that the template takes for a variable besides the lexer's own. */
size_t normalize_variables(const struct tokens *tokens, const uint64_t *wild,
			   struct variable *out, size_t max);
/* "num", "ip", ...; "*" for VARIABLE_ANY */
const char *variable_type_name(enum variable_type type);

static inline struct slice token_folded(const struct tokens *tokens, size_t index)
{
	const struct token *token = &tokens->items[index];

	return (struct slice){ tokens->folded + token->folded, token->folded_len };
}

#endif
