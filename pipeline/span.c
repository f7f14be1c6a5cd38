/* span.c - counting, trimming and classing the bytes of a token */
#include "pipeline/span.h"

#include "base/compiler.h"
#include "pipeline/fold.h"
#include "pipeline/lex_bytes.h"

static bool has_word_byte(const char *text, size_t begin, size_t end)
{
	while (begin < end && !lex_is(text[begin], LEX_DIGIT | LEX_LETTER))
		begin++;
	return begin < end;
}

void span_scan(const char *text, size_t at, size_t end, struct span *span)
{
	uint64_t counts = 0;
	uint64_t before = 0;

	for (; at < end; at++) {
		uint64_t count = lex_counts[(unsigned char)text[at]];

		if (count == 0)
			break;
		counts += count + (count & ~before & LEX_COUNT_DIGIT) * LEX_COUNT_RUN;
		before = count;
	}
	span->end = at;
	if (at - span->begin > LEX_COUNT_MAX) {
		/* too long for the counters: a path, or a rule that has nothing to trim
		 * to */
		unsigned some = has_word_byte(text, span->begin, at) ? 1 : 0;

		*span = (struct span){ .begin = span->begin,
				       .end = at,
				       .digits = some,
				       .letters = some,
				       .deep = 2 };
		return;
	}
	span->digits = lex_count(counts, 0);
	span->runs = lex_count(counts, 1);
	span->letters = lex_count(counts, 2);
	span->hex = lex_count(counts, 3);
	span->dots = lex_count(counts, 4);
	span->deep = lex_count(counts, 5);
	span->other = lex_count(counts, 6);
}

/* without punctuation at both ends */
void span_trim(const char *text, struct span *span)
{
	while (!lex_is(text[span->end - 1], LEX_DIGIT | LEX_LETTER)) {
		span->end--;
		span->dots -= text[span->end] == '.';
		span->other -= lex_is(text[span->end], LEX_OTHER);
		span->deep -= lex_is(text[span->end], LEX_DEEP);
	}
	while (!lex_is(text[span->begin], LEX_DIGIT | LEX_LETTER)) {
		span->dots -= text[span->begin] == '.';
		span->other -= lex_is(text[span->begin], LEX_OTHER);
		span->deep -= lex_is(text[span->begin], LEX_DEEP);
		span->begin++;
	}
}

static bool has_at_sign(const char *text, const struct span *span)
{
	return span->deep > 0 &&
	       memchr(text + span->begin, '@', span->end - span->begin) != NULL;
}

/* 12ms, 3.5GB */
static bool has_unit(const char *text, const struct span *span,
		     enum variable_type *type)
{
	size_t at = span->end;

	if (!lex_is(text[span->begin], LEX_DIGIT) || span->letters > 5)
		return false;
	while (at > span->begin && lex_is(text[at - 1], LEX_LETTER))
		at--;
	return span->end - at == span->letters && lex_is(text[at - 1], LEX_DIGIT) &&
	       fold_unit(slice_of(text + at, span->end - at), type);
}

static bool is_hex_like(const char *text, const struct span *span,
			enum variable_type *type)
{
	size_t len = span->end - span->begin;

	/* any digit, as layout may not depend on its value: see stamp_trace.h */
	if (len > 2 && lex_is(text[span->begin], LEX_DIGIT) &&
	    (text[span->begin + 1] | 32) == 'x' && span->letters - 1 == span->hex) {
		*type = VARIABLE_HEX;
		return true;
	}
	if (span->letters != span->hex || span->dots + span->deep > 0)
		return false;
	*type = VARIABLE_HEX;
	if (span->other == 0)
		return len >= 4;
	if (len == 36)
		*type = VARIABLE_UUID;
	return len > 8 && memchr(text + span->begin, '_', len) == NULL;
}

/* a token with digits that is surely a variable */
static bool is_variable(const char *text, const struct span *span,
			enum variable_type *type)
{
	if (span->letters == 0) {
		*type = span->dots == 3 && span->runs == 4   ? VARIABLE_IP
			: span->runs <= 2 && span->deep == 0 ? VARIABLE_NUMBER
							     : VARIABLE_ID;
		return true;
	}
	if (is_hex_like(text, span, type))
		return true;
	if (has_unit(text, span, type))
		return true;
	*type = VARIABLE_ID;
	if (has_at_sign(text, span)) {
		*type = span->dots > 0 ? VARIABLE_EMAIL : VARIABLE_ID;
		return true;
	}
	if (span->deep >= 2) {
		*type = VARIABLE_PATH;
		return true;
	}
	return span->runs >= 2 || span->dots >= 2;
}

/* names that hold a digit and vary no more than words do */
static bool is_known_name(struct slice text)
{
	static const char *const names[] = {
		"amd64", "arm64", "base64", "ec2",    "ext2", "ext3",  "ext4",
		"h2",    "http2", "i386",   "i686",   "IPv4", "IPv6",  "k8s",
		"l2",    "l3",    "log4j",  "md5",    "mp3",  "mp4",   "oauth2",
		"s3",    "sha1",  "sha256", "sha512", "ssh2", "sslv3", "TLSv1",
		"utf16", "utf8",  "win32",  "win64",  "x509", "x64",   "x86",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if ((names[i][0] | 32) == (text.ptr[0] | 32) &&
		    slice_equal_nocase(text, slice_str(names[i])))
			return true;
	}
	return false;
}

/* jk2_init, ext4_find: a digit amid letters counts nothing */
static bool is_digit_amid_letters(const char *text, const struct span *span)
{
	size_t at = span->begin;

	if (span->digits != 1)
		return false;
	while (!lex_is(text[at], LEX_DIGIT))
		at++;
	return at > span->begin && lex_is(text[at - 1], LEX_LETTER) &&
	       at + 2 < span->end && text[at + 1] == '_' &&
	       lex_is(text[at + 2], LEX_LETTER);
}

static void set_digit_run(const char *text, const struct span *span,
			  struct token *token)
{
	size_t at = span->begin;
	size_t end = 0;

	while (!lex_is(text[at], LEX_DIGIT))
		at++;
	for (end = at; end < span->end && lex_is(text[end], LEX_DIGIT);)
		end++;
	token->class = end - at >= 3 ? TOKEN_NUMBERED : TOKEN_INDEXED;
	/* a sign: blk_-17 */
	if (at >= span->begin + 2 && text[at - 1] == '-' &&
	    !lex_is(text[at - 2], LEX_DIGIT | LEX_LETTER))
		at--;
	token->digits = (uint16_t)(at - span->begin);
	token->run_len = (uint16_t)(end - at);
}

bool span_is_hex_word(const char *text, size_t begin, size_t end)
{
	if (end - begin < 8)
		return false;
	while (begin < end && lex_is(text[begin], LEX_HEX))
		begin++;
	return begin == end;
}

void span_classify(const char *text, const struct span *span, struct token *token)
{
	enum variable_type type = VARIABLE_ANY;

	if (span->end - span->begin > TOKEN_TEXT_MAX) {
		token->class = TOKEN_VARIABLE;
		token->type = span->deep >= 2 ? VARIABLE_PATH : VARIABLE_ID;
		return;
	}
	if (span->digits == 0) {
		if (span->hex == span->end - span->begin && span->hex >= 8) {
			token->type = VARIABLE_HEX;
			return;
		}
		if (span->dots >= 2 || span->deep > 0)
			token->class = TOKEN_DOTTED;
		else
			token->class = span->dots == 1 ? TOKEN_INDEXED : TOKEN_WORD;
		return;
	}
	if (is_variable(text, span, &type)) {
		token->class = TOKEN_VARIABLE;
		token->type = (uint8_t)type;
		return;
	}
	if (is_known_name(slice_of(text + span->begin, span->end - span->begin)) ||
	    is_digit_amid_letters(text, span))
		token->class = TOKEN_WORD;
	else
		set_digit_run(text, span, token);
}
