/* template.c - serialising, generalising and rendering templates
 *
 * Serialised form, version 1; numbers are LEB128:
 *
 *	01 count { class type field gap_len gap text_len text }... tail_len tail
 *
 * A text is a folded text: FOLDED_VARIABLE stands where digits were.
 */
#include "pipeline/template.h"

#include "base/hash64.h"
#include "base/mem.h"
#include "pipeline/lex_bytes.h"

#define FORMAT_VERSION 1

static const struct slice variable_text = { "\x01", 1 };

uint64_t template_token_hash(struct slice folded)
{
	return hash64(folded, NORMALIZE_VERSION);
}

/* of variable_text, which is asked for at every place of every new template; of
 * NORMALIZE_VERSION 3 */
#define VARIABLE_HASH 0x5ccfb15b63a1cb7fu

uint64_t template_variable_hash(void)
{
	return VARIABLE_HASH;
}

/* A polynomial in an odd number: multiplying by its inverse moves tokens to the left,
 * so that the content of a template with a field less is found without looking at all
 * tokens behind it. */
#define POSITION_FACTOR 0x9fb21c651e98df25u
#define POSITION_INVERSE 0x02ab9c720d1024adu
_Static_assert(POSITION_FACTOR *POSITION_INVERSE == 1, "they undo each other");

static uint64_t power(uint64_t base, size_t exponent)
{
	uint64_t value = 1;

	for (; exponent > 0; exponent /= 2, base *= base) {
		if (exponent % 2 != 0)
			value *= base;
	}
	return value;
}

uint64_t template_position_hash(uint64_t token_hash, size_t index)
{
	return token_hash * power(POSITION_FACTOR, index);
}

uint64_t template_shifted_hash(uint64_t hash, size_t places)
{
	return hash * power(POSITION_INVERSE, places);
}

static void write_token(struct buf *out, const struct template_token *token,
			struct slice gap, struct slice text)
{
	buf_append_char(out, (char)token->class);
	buf_append_char(out, (char)token->type);
	buf_append_varint(out, token->field);
	buf_append_varint(out, gap.len);
	buf_append_slice(out, gap);
	buf_append_varint(out, text.len);
	buf_append_slice(out, text);
}

/* "12 bytes (1.2 KB) sent": the bracket belongs to what was folded */
static bool closes_folded(const struct tokens *tokens, size_t index, size_t from)
{
	const struct token *before = &tokens->items[index];
	int depth = 0;

	if (before->class != TOKEN_VARIABLE || from >= tokens->text.len ||
	    tokens->text.ptr[from] != ')')
		return false;
	for (size_t i = before->begin; i < from; i++) {
		depth += tokens->text.ptr[i] == '(';
		depth -= tokens->text.ptr[i] == ')';
	}
	return depth > 0;
}

/* where the gap behind a token begins */
static size_t gap_begin(const struct tokens *tokens, size_t index)
{
	size_t from = tokens->items[index].next;

	return from + closes_folded(tokens, index, from);
}

static struct slice source_gap(const struct tokens *tokens, size_t index)
{
	const struct token *token = &tokens->items[index];
	size_t from = index == 0 ? 0 : gap_begin(tokens, index - 1);
	struct slice gap = { NULL, 0 };

	if (token->class == TOKEN_KEYS)
		return SLICE("");
	if (token->gap == GAP_BLANK)
		return index == 0 ? SLICE("") : SLICE(" ");
	if (token->gap == GAP_SOURCE && token->begin > from)
		gap = slice_of(tokens->text.ptr + from, token->begin - from);
	return slice_head(gap, TEMPLATE_GAP_MAX);
}

static struct slice source_tail(const struct tokens *tokens)
{
	size_t from = tokens->count == 0 ? 0 : gap_begin(tokens, tokens->count - 1);
	struct slice tail = slice_from(tokens->text, from);
	const char *line_end = tail.len == 0 ? NULL : memchr(tail.ptr, '\n', tail.len);

	if (tokens->count > 0 && tokens->items[tokens->count - 1].gap != GAP_SOURCE)
		return SLICE("");
	if (line_end != NULL)
		tail.len = (size_t)(line_end - tail.ptr);
	while (tail.len > 0 && lex_is(tail.ptr[tail.len - 1], LEX_BLANK))
		tail.len--;
	return slice_head(tail, TEMPLATE_GAP_MAX);
}

static void write_head(struct buf *out, size_t count)
{
	buf_append_char(out, FORMAT_VERSION);
	buf_append_varint(out, count);
}

static struct template *parse_owned(struct buf *bytes)
{
	struct template *template = template_parse(buf_slice(bytes));

	buf_deinit(bytes);
	return template;
}

/* what is asked of a template often, once its tokens are there */
static void sum_up(struct template *template)
{
	uint64_t factor = 1;

	template->content = 0;
	template->constants = 0;
	template->words = 0;
	for (size_t i = 0; i < template->count; i++) {
		const struct template_token *token = &template->tokens[i];

		template->content += token->hash *factor;
		factor *= POSITION_FACTOR;
		template->constants += template_is_constant(token->class);
		template->words +=
			token->class == TOKEN_WORD || token->class == TOKEN_NAME;
	}
}

const struct template *template_outline(struct template_outline *outline,
					const struct tokens *tokens)
{
	for (size_t i = 0; i < tokens->count; i++) {
		const struct token *token = &tokens->items[i];
		struct slice gap = source_gap(tokens, i);

		gap = slice_head(gap, OUTLINE_GAP);
		if (gap.len > 0)
			memcpy(outline->gaps + i * OUTLINE_GAP, gap.ptr, gap.len);
		outline->tokens[i] = (struct template_token){
			.hash = template_token_hash(token_folded(tokens, i)),
			.gap = (uint32_t)(i * OUTLINE_GAP),
			.gap_len = (uint16_t)gap.len,
			.field = token->field,
			.class = token->class,
			.type = token->type,
		};
	}
	outline->template = (struct template){ .count = tokens->count,
					       .tokens = outline->tokens,
					       .bytes = outline->gaps };
	sum_up(&outline->template);
	return &outline->template;
}

struct template *template_new(const struct tokens *tokens)
{
	struct buf bytes = { 0 };
	struct slice tail = source_tail(tokens);

	write_head(&bytes, tokens->count);
	for (size_t i = 0; i < tokens->count; i++) {
		const struct token *token = &tokens->items[i];
		struct template_token out = { .class = token->class,
					      .type = token->type,
					      .field = token->field };

		write_token(&bytes, &out, source_gap(tokens, i),
			    token_folded(tokens, i));
	}
	buf_append_varint(&bytes, tail.len);
	buf_append_slice(&bytes, tail);
	return parse_owned(&bytes);
}

struct slice template_text(const struct template *template, size_t index)
{
	const struct template_token *token = &template->tokens[index];

	return slice_of(template->bytes + token->text, token->text_len);
}

static struct slice gap_of(const struct template *template, size_t index)
{
	const struct template_token *token = &template->tokens[index];

	return slice_of(template->bytes + token->gap, token->gap_len);
}

static void write_as_is(struct buf *out, const struct template *from, size_t index)
{
	write_token(out, &from->tokens[index], gap_of(from, index),
		    template_text(from, index));
}

/* what stands behind the word is the name of somebody */
static bool names_user(const struct template *from, size_t index)
{
	static const char *const words[] = { "user", "username", "account", "login" };

	if (from->tokens[index].class == TOKEN_VARIABLE)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (slice_equal_nocase(template_text(from, index), slice_str(words[i])))
			return true;
	}
	return false;
}

static void write_wild(struct buf *out, const struct template *from, size_t index)
{
	struct template_token token = from->tokens[index];

	if (token.class != TOKEN_VARIABLE && token.class != TOKEN_REST) {
		token.class = TOKEN_VARIABLE;
		token.type = index > 0 && names_user(from, index - 1) ? VARIABLE_USER
								      : VARIABLE_ANY;
	}
	write_token(out, &token, gap_of(from, index), variable_text);
}

static struct template *finish(struct buf *bytes, const struct template *from)
{
	buf_append_varint(bytes, from->tail_len);
	buf_append(bytes, from->bytes + from->tail, from->tail_len);
	return parse_owned(bytes);
}

struct template *template_generalise(const struct template *from, const uint64_t *wild)
{
	struct buf bytes = { 0 };

	write_head(&bytes, from->count);
	for (size_t i = 0; i < from->count; i++) {
		if (wild_has(wild, i))
			write_wild(&bytes, from, i);
		else
			write_as_is(&bytes, from, i);
	}
	return finish(&bytes, from);
}

struct template *template_collapse(const struct template *from, size_t first,
				   size_t count)
{
	struct buf bytes = { 0 };

	write_head(&bytes, from->count - count + 1);
	for (size_t i = 0; i < from->count; i++) {
		if (i == first)
			write_wild(&bytes, from, i);
		else if (i < first || i >= first + count)
			write_as_is(&bytes, from, i);
	}
	return finish(&bytes, from);
}

struct template *template_open(const struct template *from, size_t first, size_t count)
{
	struct template_token rest = { .class = TOKEN_REST,
				       .field = from->tokens[first].field };
	struct buf bytes = { 0 };

	write_head(&bytes, from->count - count + 1);
	for (size_t i = 0; i < from->count; i++) {
		if (i == first)
			write_token(&bytes, &rest, gap_of(from, i), variable_text);
		else if (i < first || i >= first + count)
			write_as_is(&bytes, from, i);
	}
	return finish(&bytes, from);
}

size_t template_opening(const struct template *template)
{
	for (size_t i = template->count; i > 2; i--) {
		if (template->tokens[i - 1].class == TOKEN_REST)
			return i - 1;
	}
	return SIZE_MAX;
}

struct template *template_free_text(const struct template *from)
{
	struct buf bytes = { 0 };

	write_head(&bytes, from->count);
	for (size_t i = 0; i < from->count; i++)
		write_token(&bytes, &from->tokens[i], gap_of(from, i), variable_text);
	return finish(&bytes, from);
}

struct template *template_free_length(unsigned length_class, bool begins_with_value)
{
	const struct template_token first = {
		.class = begins_with_value ? TOKEN_VARIABLE : TOKEN_WORD,
	};
	const struct template_token rest = { .class = TOKEN_REST,
					     .field = (uint16_t)length_class };
	struct buf bytes = { 0 };

	write_head(&bytes, 2);
	write_token(&bytes, &first, SLICE(""), variable_text);
	write_token(&bytes, &rest, SLICE(" "), variable_text);
	buf_append_varint(&bytes, 0);
	return parse_owned(&bytes);
}

bool template_is_free_length(const struct template *template)
{
	return template->count == 2 && template->tokens[1].class == TOKEN_REST;
}

bool template_is_free_text(const struct template *template)
{
	bool words = false;

	for (size_t i = 0; i < template->count; i++) {
		if (!slice_equal(template_text(template, i), variable_text))
			return false;
		words |= template->tokens[i].class != TOKEN_VARIABLE;
	}
	return words;
}

struct reader {
	struct slice bytes;
	size_t at;
	bool bad;
};

static uint64_t read_number(struct reader *reader, uint64_t max)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 35; shift += 7) {
		unsigned byte = 0;

		if (reader->at == reader->bytes.len)
			break;
		byte = (unsigned char)reader->bytes.ptr[reader->at++];
		value |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			reader->bad |= value > max;
			return value > max ? 0 : value;
		}
	}
	reader->bad = true;
	return 0;
}

/* the offset of a length-prefixed text */
static uint32_t read_text(struct reader *reader, uint16_t *len)
{
	size_t at = 0;
	uint64_t bytes = read_number(reader, UINT16_MAX);

	at = reader->at;
	if (bytes > reader->bytes.len - at)
		reader->bad = true;
	*len = reader->bad ? 0 : (uint16_t)bytes;
	reader->at += *len;
	return (uint32_t)at;
}

static void read_token(struct reader *reader, struct template_token *token)
{
	token->class = (uint8_t)read_number(reader, TOKEN_CLASS_COUNT - 1);
	token->type = (uint8_t)read_number(reader, VARIABLE_TYPE_COUNT - 1);
	token->field = (uint16_t)read_number(reader, UINT16_MAX);
	token->gap = read_text(reader, &token->gap_len);
	token->text = read_text(reader, &token->text_len);
	token->hash = template_token_hash(
		slice_of(reader->bytes.ptr + token->text, token->text_len));
}

struct template *template_parse(struct slice bytes)
{
	struct reader reader = { .bytes = bytes };
	struct template *template = NULL;
	uint16_t tail_len = 0;
	size_t count = 0;

	if (bytes.len == 0 || bytes.len > UINT32_MAX || bytes.ptr[0] != FORMAT_VERSION)
		return NULL;
	reader.at = 1;
	count = read_number(&reader, TOKENS_MAX);
	template = mem_alloc(sizeof(*template) + count * sizeof(struct template_token) +
			     bytes.len);
	*template = (struct template){ .count = count, .bytes_len = bytes.len };
	template->tokens = (struct template_token *)(template + 1);
	template->bytes = (char *)(template->tokens + count);
	memcpy(template->bytes, bytes.ptr, bytes.len);
	for (size_t i = 0; i < count; i++)
		read_token(&reader, &template->tokens[i]);
	template->tail = read_text(&reader, &tail_len);
	template->tail_len = tail_len;
	sum_up(template);
	if (reader.bad || reader.at != bytes.len)
		template_free(&template);
	return template;
}

void template_free(struct template **template)
{
	mem_free(*template);
	*template = NULL;
}

size_t template_size(const struct template *template)
{
	return sizeof(*template) + template->count * sizeof(*template->tokens) +
	       template->bytes_len;
}

uint64_t template_fingerprint(const struct template *template, uint64_t seed)
{
	struct buf folded = { 0 };
	uint64_t hash = 0;

	for (size_t i = 0; i < template->count; i++) {
		buf_append_slice(&folded, template_text(template, i));
		buf_append_char(&folded, '\0');
	}
	hash = hash64(buf_slice(&folded), seed);
	buf_deinit(&folded);
	return hash;
}

static void render_variable(enum variable_type type, enum template_style style,
			    struct buf *out)
{
	buf_append_char(out, '<');
	buf_append_str(out, style == TEMPLATE_STARS ? "*" : variable_type_name(type));
	buf_append_char(out, '>');
}

/* a constant with digits: blk_<num> */
static void render_text(struct slice text, enum template_style style, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == FOLDED_VARIABLE)
			render_variable(VARIABLE_NUMBER, style, out);
		else
			buf_append_char(out, text.ptr[i]);
	}
}

void template_render(const struct template *template, enum template_style style,
		     struct buf *out)
{
	for (size_t i = 0; i < template->count; i++) {
		const struct template_token *token = &template->tokens[i];

		buf_append_slice(out, gap_of(template, i));
		if (slice_equal(template_text(template, i), variable_text))
			render_variable((enum variable_type)token->type, style, out);
		else if (token->class != TOKEN_KEYS)
			render_text(template_text(template, i), style, out);
	}
	buf_append(out, template->bytes + template->tail, template->tail_len);
}
