/* lexer.c - the loop over fields and tokens, and what class a token has */
#include "pipeline/lexer.h"

#include "base/compiler.h"
#include "pipeline/fold.h"
#include "pipeline/lex_bytes.h"
#include "pipeline/shapes.h"
#include "pipeline/span.h"

#define QUOTED_VALUE_MAX 1024
#define LIST_MAX 1024

struct lexer {
	struct tokens *tokens;
	const char *text;
	size_t at;
	size_t end;
	uint16_t field;
	bool value; /* the next token stands behind a `=` */
};

static bool is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

static bool is_flag_word(struct slice word)
{
	return slice_equal_nocase(word, SLICE("true")) ||
	       slice_equal_nocase(word, SLICE("false"));
}

static char byte_or_blank(const struct lexer *lexer, size_t at)
{
	if (at < lexer->end)
		return lexer->text[at];
	return ' ';
}

static char closing(char open)
{
	if (open == '{')
		return '}';
	if (open == '(')
		return ')';
	return ']';
}

/* key=Name{12}: the brackets belong to the value, if no blank is in them */
static size_t value_end(const struct lexer *lexer, size_t at)
{
	const char *text = lexer->text;
	size_t limit =
		lexer->end - at < QUOTED_VALUE_MAX ? lexer->end : at + QUOTED_VALUE_MAX;
	char open = byte_or_blank(lexer, at);
	char close = closing(open);
	unsigned depth = 0;

	if (open != '{' && open != '(' && open != '[')
		return at;
	for (size_t i = at; i < limit && !lex_is(text[i], LEX_BLANK); i++) {
		depth += text[i] == open;
		if (text[i] == close && --depth == 0)
			return i + 1;
	}
	return at;
}

/* (sda), [orders]: nothing but the token between the brackets */
static bool is_bracketed(const struct lexer *lexer, const struct token *token)
{
	char open = ' ';

	if (token->begin > 0)
		open = lexer->text[token->begin - 1];
	return (open == '(' || open == '[') &&
	       byte_or_blank(lexer, token->end) == closing(open);
}

static bool may_be_value(const struct token *token)
{
	return token->class == TOKEN_WORD || token->class == TOKEN_INDEXED;
}

static void emit(struct lexer *lexer, struct token *token)
{
	const char *text = lexer->text;
	size_t len = token->end - token->begin;

	token->field = lexer->field;
	if (len > TOKEN_TEXT_MAX)
		token->class = TOKEN_VARIABLE;
	if (lexer->value && value_end(lexer, token->end) > token->end) {
		token->class = TOKEN_VARIABLE;
		token->type = VARIABLE_ANY;
		token->end = (uint32_t)value_end(lexer, token->end);
		lexer->at = token->end;
	}
	if (token->class != TOKEN_VARIABLE &&
	    (lexer->value || (token->begin > 0 && is_quote(text[token->begin - 1])))) {
		bool key = token->end < lexer->end && text[token->end] == '=';

		token->quoted = token->begin > 0 && token->end < lexer->end &&
				is_quote(text[token->begin - 1]) &&
				text[token->end] == text[token->begin - 1];
		if ((token->quoted || (lexer->value && !key)) && may_be_value(token) &&
		    !is_flag_word(slice_of(text + token->begin, len)))
			token->class = TOKEN_VALUE;
	}
	if (may_be_value(token) && is_bracketed(lexer, token))
		token->class = TOKEN_VALUE;
	lexer->value = false;
	fold_token(lexer->tokens, token);
}

static void emit_variable(struct lexer *lexer, size_t begin, size_t end,
			  enum variable_type type)
{
	struct token token = { .begin = (uint32_t)begin,
			       .end = (uint32_t)end,
			       .class = TOKEN_VARIABLE,
			       .type = (uint8_t)type };

	lexer->at = end;
	emit(lexer, &token);
}

/* rules of ***, ---, ###: one constant, whatever their length */
static void lex_rule(struct lexer *lexer, const struct span *span)
{
	char c = lexer->text[span->begin];
	size_t at = span->begin;
	struct token token = { .begin = (uint32_t)at,
			       .end = (uint32_t)at + (c == '.' ? 3 : 2),
			       .class = TOKEN_WORD };

	if (span->end - span->begin < 2 ||
	    (c != '*' && c != '-' && c != '#' && c != '.'))
		return;
	while (at < span->end && lexer->text[at] == c)
		at++;
	if (at < span->end)
		return;
	if (token.end > at)
		token.end = (uint32_t)at;
	fold_token(lexer->tokens, &token);
	lexer->tokens->items[lexer->tokens->count - 1].next = (uint32_t)at;
}

static bool lex_behind_colon(struct lexer *lexer, const struct span *span)
{
	const char *text = lexer->text;
	size_t len = span->end - span->begin;
	size_t behind = 0;

	if (lexer->end - span->end > 3 && text[span->end + 1] == '/') {
		behind = shape_url(text, span->end, lexer->end);
		if (behind > 0) {
			emit_variable(lexer, span->begin, behind, VARIABLE_URL);
			return true;
		}
	}
	if (len == 1 && span->letters == 1 && span->end + 1 < lexer->end &&
	    lex_is(text[span->end + 1], LEX_DEEP)) {
		behind = shape_path(text, span->begin, lexer->end);
		if (behind > 0) {
			emit_variable(lexer, span->begin, behind, VARIABLE_PATH);
			return true;
		}
	}
	if (len <= 4 && span->hex + span->digits == len) {
		behind = shape_colon_hex(text, span->begin, lexer->end);
		if (behind > 0) {
			emit_variable(lexer, span->begin, behind, VARIABLE_IP);
			return true;
		}
	}
	return false;
}

/* x=-5: the sign is the value's, but 3-5 is a range and -- a rule */
static bool has_sign(const struct lexer *lexer, size_t at)
{
	return at > 1 && lexer->text[at - 1] == '-' &&
	       lex_is(lexer->text[at - 2], LEX_BLANK | LEX_SPLIT);
}

static void lex_span(struct lexer *lexer, struct span *span)
{
	struct token token = { 0 };

	if (span->digits + span->letters == 0) {
		lex_rule(lexer, span);
		lexer->at = span->end;
		return;
	}
	if (span->end < lexer->end && lexer->text[span->end] == ':' &&
	    lex_behind_colon(lexer, span))
		return;
	lexer->at = span->end;
	span_trim(lexer->text, span);
	token.begin = (uint32_t)span->begin;
	token.end = (uint32_t)span->end;
	span_classify(lexer->text, span, &token);
	if (token.type == VARIABLE_NUMBER && has_sign(lexer, span->begin))
		token.begin--;
	emit(lexer, &token);
}

/* word...word: the dots end a token */
static void cut_at_dots(const struct lexer *lexer, struct span *span)
{
	const char *dots =
		memmem(lexer->text + span->begin, span->end - span->begin, "...", 3);
	struct span part = { .begin = span->begin };
	struct lexer inner = *lexer;

	if (dots == NULL || dots == lexer->text + span->begin)
		return;
	inner.end = (size_t)(dots - lexer->text);
	span_scan(inner.text, span->begin, inner.end, &part);
	*span = part;
}

/* most tokens are letters and nothing else */
static bool lex_word(struct lexer *lexer)
{
	const char *text = lexer->text;
	size_t at = lexer->at;
	struct token token = { .begin = (uint32_t)at, .class = TOKEN_WORD };

	while (at < lexer->end && lex_is(text[at], LEX_LETTER))
		at++;
	if (at == lexer->at ||
	    (at < lexer->end && !lex_is(text[at], LEX_BLANK | LEX_SPLIT)))
		return false;
	/* colons begin URLs and Windows paths; eight and more hex letters are a number
	 */
	if ((at < lexer->end && text[at] == ':') ||
	    span_is_hex_word(text, lexer->at, at))
		return false;
	token.end = (uint32_t)at;
	lexer->at = at;
	emit(lexer, &token);
	return true;
}

/* "GET / HTTP/1.1", uri=/ : the shortest of paths; elsewhere a lone slash parts words
 */
static bool is_root_path(const struct lexer *lexer)
{
	static const char *const methods[] = { "GET",   "POST", "PUT",    "DELETE",
					       "PATCH", "HEAD", "OPTIONS" };
	char after = byte_or_blank(lexer, lexer->at + 1);
	char before = ' ';
	const struct tokens *tokens = lexer->tokens;

	if (lexer->at > 0)
		before = lexer->text[lexer->at - 1];
	if (!lex_is(after, LEX_BLANK) && !is_quote(after))
		return false;
	if (before == '=' || is_quote(before))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(methods) && tokens->count > 0; i++) {
		if (slice_equal(token_folded(tokens, tokens->count - 1),
				slice_str(methods[i])))
			return true;
	}
	return false;
}

static void lex_token(struct lexer *lexer)
{
	const char *text = lexer->text;
	struct span span = { .begin = lexer->at };
	enum variable_type type = VARIABLE_ANY;
	size_t behind = 0;

	if (lex_is(text[lexer->at], LEX_DIGIT)) {
		behind = shape_digits(text, lexer->at, lexer->end, &type);
		/* 13:81:09:d3:0a:5e is no time */
		if (behind > 0 && byte_or_blank(lexer, behind) == ':' &&
		    shape_colon_hex(text, lexer->at, lexer->end) > 0) {
			behind = shape_colon_hex(text, lexer->at, lexer->end);
			type = VARIABLE_IP;
		}
		if (behind > 0) {
			emit_variable(lexer, lexer->at, behind, type);
			return;
		}
	} else if (text[lexer->at] == '/') {
		behind = shape_path(text, lexer->at, lexer->end);
		if (behind == 0 && is_root_path(lexer))
			behind = lexer->at + 1;
		if (behind > 0) {
			emit_variable(lexer, lexer->at, behind, VARIABLE_PATH);
			return;
		}
	}
	if (lex_word(lexer))
		return;
	span_scan(lexer->text, lexer->at, lexer->end, &span);
	if (span.dots >= 3)
		cut_at_dots(lexer, &span);
	lex_span(lexer, &span);
}

/* the quote that ends what begins at `at`; quotes inside stand behind a backslash */
static const char *closing_quote(const struct lexer *lexer, size_t at, char quote)
{
	const char *from = lexer->text + at;
	size_t limit =
		lexer->end - at < QUOTED_VALUE_MAX ? lexer->end - at : QUOTED_VALUE_MAX;
	const char *close = memchr(from, quote, limit);

	while (close != NULL && close > from && close[-1] == '\\')
		close = memchr(close + 1, quote, limit - (size_t)(close + 1 - from));
	return close;
}

/* ="several words": one value, whatever it holds */
static bool lex_quoted_value(struct lexer *lexer, size_t quote)
{
	size_t begin = quote + 1;
	const char *close = closing_quote(lexer, begin, lexer->text[quote]);
	struct token token = { .class = TOKEN_VALUE, .begin = (uint32_t)begin };

	if (close == NULL || close == lexer->text + begin)
		return false;
	token.end = (uint32_t)(close - lexer->text);
	if (memchr(lexer->text + begin, ' ', token.end - begin) == NULL)
		return false;
	emit(lexer, &token);
	lexer->at = token.end + 1;
	return true;
}

/* words of a name; what holds other signs is a statement in another language */
static bool is_name_byte(char c)
{
	return lex_is(c, LEX_LETTER | LEX_DIGIT) || c == ' ' || c == '-' || c == '_' ||
	       c == '.' || c == '(' || c == ')';
}

/* 'Home WiFi', "max server memory (MB)": a name of several words amid a message, whose
 * length says nothing. A message that begins with a quote is quoted as a whole. */
static void lex_quoted_name(struct lexer *lexer, size_t quote)
{
	const char *text = lexer->text;
	size_t begin = quote + 1;
	const char *close = NULL;
	struct token token = { .class = TOKEN_VALUE, .begin = (uint32_t)begin };

	if (lexer->tokens->count == 0 ||
	    !lex_is(text[quote - 1], LEX_BLANK | LEX_SPLIT))
		return;
	close = closing_quote(lexer, begin, text[quote]);
	if (close == NULL ||
	    memchr(text + begin, ' ', (size_t)(close - text) - begin) == NULL)
		return;
	token.end = (uint32_t)(close - text);
	if (text[begin] == ' ' || text[token.end - 1] == ' ' ||
	    lex_is(byte_or_blank(lexer, token.end + 1), LEX_LETTER | LEX_DIGIT))
		return;
	for (size_t i = begin; i < token.end; i++) {
		if (!is_name_byte(text[i]))
			return;
	}
	emit(lexer, &token);
	lexer->at = token.end + 1;
}

static bool is_list_byte(char c)
{
	return lex_is(c, LEX_DIGIT | LEX_LETTER) || c == '.' || c == '-' || c == '_' ||
	       c == '/' || c == '@' || c == '$';
}

/* [one, two, three]: lists vary in length. Returns where the bracket closes, 0 when it
 * holds something else; blanks alone part the items only of a value. */
static size_t list_end(const struct lexer *lexer, size_t open)
{
	const char *text = lexer->text;
	bool value = open > 0 && text[open - 1] == '=';
	size_t limit = lexer->end - open < LIST_MAX ? lexer->end : open + LIST_MAX;
	size_t at = open + 1;
	unsigned parted = 0;

	while (at < limit && is_list_byte(text[at])) {
		while (at < limit && is_list_byte(text[at]))
			at++;
		if (at < limit && text[at] == ']')
			return parted > 0 ? at : 0;
		if (at < limit && (text[at] == ',' || (value && text[at] == ' '))) {
			parted++;
			at += text[at] == ',';
			at += at < limit && text[at] == ' ';
		}
	}
	return 0;
}

/* msg="..." : what follows is text, no value */
static bool names_message(const struct tokens *tokens)
{
	struct slice key = { NULL, 0 };

	if (tokens->count == 0)
		return false;
	key = token_folded(tokens, tokens->count - 1);
	return slice_equal(key, SLICE("msg")) || slice_equal(key, SLICE("message")) ||
	       slice_equal(key, SLICE("event"));
}

static void lex_list(struct lexer *lexer, size_t open)
{
	size_t close = list_end(lexer, open);

	if (close > 0)
		emit_variable(lexer, open + 1, close, VARIABLE_ANY);
}

static void lex_separator(struct lexer *lexer)
{
	const char *text = lexer->text;
	size_t at = lexer->at++;
	char before = ' ';
	char after = byte_or_blank(lexer, at + 1);

	if (at > 0)
		before = text[at - 1];
	switch (text[at]) {
	case '=':
		if (before == '=' || after == '=' || before == '!')
			break;
		if (names_message(lexer->tokens))
			break;
		lexer->value = true;
		if (after == '"')
			(void)lex_quoted_value(lexer, at + 1); /* else: tokens */
		break;
	case ':':
		/* "key":"value" */
		lexer->value = before == '"';
		if (before == '"' && after == '"')
			(void)lex_quoted_value(lexer, at + 1); /* as above */
		break;
	case ',':
	case ';':
		lexer->value = false;
		break;
	case '"':
	case '\'':
		lex_quoted_name(lexer, at);
		break;
	case '[':
		lex_list(lexer, at);
		break;
	default:
		break;
	}
}

void lexer_run(struct tokens *tokens, size_t begin, size_t end)
{
	struct lexer lexer = {
		.tokens = tokens, .text = tokens->text.ptr, .at = begin, .end = end
	};
	bool blank = false;

	if (tokens->count > 0)
		lexer.field = (uint16_t)(tokens->items[tokens->count - 1].field + 1);
	while (lexer.at < end && !tokens->cut) {
		unsigned class = lex_class(lexer.text[lexer.at]);

		if ((class & LEX_BLANK) != 0) {
			lexer.field = (uint16_t)(lexer.field + !blank);
			lexer.at++;
		} else if ((class & LEX_SPLIT) != 0) {
			lex_separator(&lexer);
		} else {
			lex_token(&lexer);
		}
		blank = (class & LEX_BLANK) != 0;
	}
}
