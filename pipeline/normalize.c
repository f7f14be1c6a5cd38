/* normalize.c - from a record to tokens, by the kind of message it holds */
#include "pipeline/normalize.h"

#include "base/hash64.h"
#include "pipeline/fold.h"
#include "pipeline/lex_bytes.h"
#include "pipeline/lexer.h"

static const char *const type_names[VARIABLE_TYPE_COUNT] = {
	[VARIABLE_ANY] = "*",     [VARIABLE_NUMBER] = "num",
	[VARIABLE_IP] = "ip",     [VARIABLE_HEX] = "hex",
	[VARIABLE_UUID] = "uuid", [VARIABLE_PATH] = "path",
	[VARIABLE_URL] = "url",   [VARIABLE_EMAIL] = "email",
	[VARIABLE_TIME] = "time", [VARIABLE_DURATION] = "dur",
	[VARIABLE_SIZE] = "size", [VARIABLE_ID] = "id",
	[VARIABLE_USER] = "user",
};

const char *variable_type_name(enum variable_type type)
{
	return type_names[type];
}

void normalize_record(const struct record *record, struct tokens *tokens)
{
	tokens->text = record->body;
	tokens->count = 0;
	tokens->folded_len = 0;
	tokens->cut = false;
	lexer_run(tokens, 0, record->body.len);
}

uint64_t normalize_fingerprint(const struct tokens *tokens)
{
	return hash64(slice_of(tokens->folded, tokens->folded_len), NORMALIZE_VERSION);
}
