/* adversarial.c - one function a kind of line */
#include "bench/adversarial.h"

#include "base/compiler.h"

#define WORDS 12
#define SHAPE_BYTES 234
#define LONG_BYTES ((size_t)1000000)
#define BRACKETS ((size_t)100000)
#define BYTES 120

static void put_word(struct random *random, struct buf *out)
{
	uint32_t len = 3 + random_below(random, 8);

	for (uint32_t i = 0; i < len; i++)
		buf_append_char(out, (char)('a' + random_below(random, 26)));
}

static void write_words(uint64_t nth, struct random *random, struct buf *out)
{
	(void)nth;
	for (unsigned i = 0; i < WORDS; i++) {
		if (i > 0)
			buf_append_char(out, ' ');
		put_word(random, out);
	}
}

static void write_shapes(uint64_t nth, struct random *random, struct buf *out)
{
	(void)nth;
	for (unsigned i = 0; i < SHAPE_BYTES; i++)
		buf_append_char(out, (char)(' ' + random_below(random, 95)));
}

/* the same words around one that no other line has, all of letters */
static void write_templates(uint64_t nth, struct random *random, struct buf *out)
{
	(void)random;
	buf_append_str(out, "2026-01-05 08:00:00 ERROR worker ");
	do {
		buf_append_char(out, (char)('a' + nth % 26));
		nth /= 26;
	} while (nth > 0);
	buf_append_str(out, " lost its lease on the shard and gave up");
}

static void write_long(uint64_t nth, struct random *random, struct buf *out)
{
	size_t end = out->len + LONG_BYTES;

	(void)nth;
	while (out->len < end) {
		put_word(random, out);
		buf_append_char(out, ' ');
	}
	out->len = end;
}

static void put_many(char c, size_t count, struct buf *out)
{
	buf_reserve(out, count);
	memset(out->data + out->len, c, count);
	out->len += count;
}

static void write_json(uint64_t nth, struct random *random, struct buf *out)
{
	(void)nth;
	(void)random;
	buf_append_str(out, "{\"message\":\"deep\",\"value\":");
	put_many('[', BRACKETS, out);
	put_many(']', BRACKETS, out);
	buf_append_char(out, '}');
}

static void write_nul(uint64_t nth, struct random *random, struct buf *out)
{
	(void)nth;
	for (size_t end = out->len + BYTES; out->len < end;) {
		put_word(random, out);
		put_many('\0', 1 + random_below(random, 4), out);
	}
}

static void write_invalid(uint64_t nth, struct random *random, struct buf *out)
{
	(void)nth;
	for (unsigned i = 0; i < BYTES; i++)
		buf_append_char(out, (char)(0x80 + random_below(random, 0x80)));
}

static const struct {
	const char *name;
	void (*write)(uint64_t nth, struct random *random, struct buf *out);
} kinds[] = {
	{ "words", write_words },         { "shapes", write_shapes },
	{ "templates", write_templates }, { "long", write_long },
	{ "json", write_json },           { "nul", write_nul },
	{ "invalid", write_invalid },
};

size_t adversarial_count(void)
{
	return ARRAY_LEN(kinds);
}

const char *adversarial_name(size_t kind)
{
	return kinds[kind].name;
}

void adversarial_write(size_t kind, uint64_t nth, struct random *random,
		       struct buf *out)
{
	kinds[kind].write(nth, random, out);
	buf_append_char(out, '\n');
}
