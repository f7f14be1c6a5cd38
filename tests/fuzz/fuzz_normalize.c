/* fuzz_normalize.c - any bytes as messages: tokens, templates and learned groups
 *
 * Each line of the input is a record; its first byte chooses the format. What is
 * checked: offsets stay inside the body, equal bytes give equal fingerprints, a
 * serialised template reads back the same, a key once given is given again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "pipeline/format.h"
#include "pipeline/learner.h"
#include "pipeline/normalize.h"
#include "pipeline/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tokens tokens;
static struct record record;

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_tokens(void)
{
	struct variable variables[TOKENS_MAX];
	uint32_t before = 0;

	for (size_t i = 0; i < tokens.count; i++) {
		const struct token *token = &tokens.items[i];

		check(token->begin >= before && token->begin <= token->end);
		check(token->end <= token->next && token->next <= tokens.text.len);
		before = token->next;
	}
	check(normalize_variables(&tokens, NULL, variables, TOKENS_MAX) <=
	      tokens.count);
}

static void check_template(void)
{
	struct template *template = template_new(&tokens);
	struct template *again =
		template_parse(slice_of(template->bytes, template->bytes_len));
	struct buf text = { 0 };

	check(again != NULL);
	check(template_fingerprint(again, NORMALIZE_VERSION) ==
	      normalize_fingerprint(&tokens));
	template_render(again, TEMPLATE_TYPED, &text);
	buf_deinit(&text);
	template_free(&template);
	template_free(&again);
}

static void check_line(struct learner *learner, struct slice line)
{
	uint64_t leaf = 0;
	uint64_t key = 0;

	record.format = line.len > 0 ? (uint8_t)line.ptr[0] % FORMAT_COUNT : 0;
	record.raw = record.body = slice_from(line, 1);
	record.attributes_count = 0;
	record_add_attribute(&record, slice_head(record.body, 7), SLICE("1"));
	normalize_record(&record, &tokens);
	check_tokens();
	check_template();
	leaf = normalize_fingerprint(&tokens);
	key = learner_key(learner, leaf, &tokens, &record);
	normalize_record(&record, &tokens);
	check(normalize_fingerprint(&tokens) == leaf);
	check(learner_key(learner, leaf, &tokens, &record) == key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* no evictions: an evicted leaf may get another key */
	struct learner_config config = { 0 };
	struct learner *learner = learner_new(&config);
	struct slice rest = slice_of((const char *)data, size);
	struct template *parsed = template_parse(rest);

	template_free(&parsed);
	/* \x1e, so that a record may hold several lines */
	while (rest.len > 0) {
		const char *end = memchr(rest.ptr, '\x1e', rest.len);
		size_t len = end == NULL ? rest.len : (size_t)(end - rest.ptr);

		check_line(learner, slice_head(rest, len));
		rest = slice_from(rest, len + 1);
	}
	learner_free(&learner);
	return 0;
}
