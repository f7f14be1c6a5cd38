/* continuation.c - shapes of Java, Python, Go, Rust, Node, Ruby, PHP and .NET traces
 * that stand at the line's start; most lines are judged by their first byte */
#include "pipeline/continuation.h"

#include "base/compiler.h"
#include "pipeline/byte_class.h"
#include "pipeline/lex_bytes.h"
#include "pipeline/pair_scan.h"

#define STARTS(line, literal) slice_starts_with(line, SLICE(literal))

static bool is_blank_line(struct slice line)
{
	for (size_t i = 0; i < line.len; i++) {
		if (!byte_is(line.ptr[i], BYTE_BLANK) && line.ptr[i] != '\r')
			return false;
	}
	return true;
}

/* "main.(*Server).run(0xc000, 0x1)", "main.main()": Go's frames */
static bool is_go_frame(struct slice line)
{
	const char *open = memchr(line.ptr, '(', line.len);
	bool dotted = false;

	if (open == NULL || line.ptr[line.len - 1] != ')')
		return false;
	for (const char *at = line.ptr; at < open; at++) {
		if (!byte_is(*at, BYTE_IDENT))
			return false;
		dotted |= *at == '.';
	}
	return dotted;
}

/* "#0 /var/www/index.php(3): main()" */
static bool is_numbered_frame(struct slice line)
{
	size_t at = 1;

	while (at < line.len && byte_is(line.ptr[at], BYTE_DIGIT))
		at++;
	return at > 1 && at < line.len && line.ptr[at] == ' ';
}

static bool is_priority(struct slice line)
{
	size_t at = 1;

	while (at < line.len && at < 4 && byte_is(line.ptr[at], BYTE_DIGIT))
		at++;
	return at > 1 && at < line.len && line.ptr[at] == '>';
}

static enum line_shape stack_if(bool is)
{
	return is ? LINE_STACK : LINE_PLAIN;
}

static enum line_shape shape_of_upper(struct slice line)
{
	switch (line.ptr[0]) {
	case 'C':
		return stack_if(STARTS(line, "Caused by:"));
	case 'D':
		return STARTS(line, "During handling of the above exception")
			       ? LINE_CHAIN
			       : LINE_PLAIN;
	case 'E':
		return STARTS(line, "Exception in thread \"") ? LINE_CRASH : LINE_PLAIN;
	case 'L':
		return STARTS(line, "Log Name:  ") ? LINE_BLOCK : LINE_PLAIN;
	case 'P':
		return STARTS(line, "PHP Fatal error: ") ||
				       STARTS(line, "PHP Parse error: ")
			       ? LINE_CRASH
			       : LINE_PLAIN;
	case 'U':
		return STARTS(line, "Unhandled exception. ") ||
				       STARTS(line, "Unhandled Exception: ")
			       ? LINE_CRASH
			       : LINE_PLAIN;
	case 'F':
		return stack_if(STARTS(line, "File \""));
	case 'N':
		return stack_if(STARTS(line, "Node.js v"));
	case 'S':
		return stack_if(STARTS(line, "Suppressed:") ||
				STARTS(line, "Stack trace:") ||
				STARTS(line, "Stacktrace:"));
	case 'T':
		if (STARTS(line, "Traceback (most recent call last)"))
			return LINE_PYTHON;
		return STARTS(line, "The above exception was the direct cause")
			       ? LINE_CHAIN
			       : LINE_PLAIN;
	default:
		return LINE_PLAIN;
	}
}

static enum line_shape shape_of_lower(struct slice line)
{
	switch (line.ptr[0]) {
	case 'a':
		if (STARTS(line, "at "))
			return LINE_STACK;
		break;
	case 'c':
		if (STARTS(line, "created by "))
			return LINE_STACK;
		break;
	case 'e':
		if (STARTS(line, "exit status "))
			return LINE_STACK;
		break;
	case 'f':
		if (STARTS(line, "from ") && memchr(line.ptr, ':', line.len) != NULL)
			return LINE_STACK;
		break;
	case 'g':
		if (STARTS(line, "goroutine "))
			return LINE_STACK;
		break;
	case 'n':
		if (STARTS(line, "note: "))
			return LINE_STACK;
		break;
	case 't':
		if (STARTS(line, "thread '") &&
		    memmem(line.ptr, line.len, "' panicked at ", 14) != NULL)
			return LINE_CRASH;
		break;
	case 's':
		if (STARTS(line, "stack backtrace:"))
			return LINE_STACK;
		break;
	default:
		break;
	}
	return stack_if(is_go_frame(line));
}

static enum line_shape shape_of_other(struct slice line)
{
	switch (line.ptr[0]) {
	case '{':
		return LINE_BRACE;
	case '<':
		return is_priority(line) ? LINE_PRIORITY : LINE_PLAIN;
	case '}':
	case ']':
	case ')':
		return LINE_STACK;
	case '#':
		return stack_if(is_numbered_frame(line));
	case '_':
		return STARTS(line, "__CURSOR=") ? LINE_BLOCK : LINE_PLAIN;
	case '.':
		return stack_if(STARTS(line, "..."));
	case '-':
		return stack_if(STARTS(line, "--->") || STARTS(line, "--- End of "));
	case '[':
		return stack_if(STARTS(line, "[signal SIG"));
	default:
		return LINE_PLAIN;
	}
}

enum line_shape line_shape_of(struct slice line)
{
	if (line.len == 0)
		return LINE_BLANK;

	char c = line.ptr[0];

	if (byte_is(c, BYTE_BLANK) || c == '\r')
		return is_blank_line(line) ? LINE_BLANK : LINE_INDENTED;
	if (byte_is(c, BYTE_DIGIT))
		return LINE_PLAIN;
	if (pairs_begin_line(line))
		return LINE_PAIRS;
	if (byte_is(c, BYTE_LOWER))
		return shape_of_lower(line);
	return byte_is(c, BYTE_UPPER) ? shape_of_upper(line) : shape_of_other(line);
}

bool name_is_exception(struct slice name)
{
	static const char *const ends[] = { "Exception", "Error", "Throwable",
					    "Failure", "Interrupt" };

	for (size_t i = 0; i < name.len; i++) {
		if (!lex_is(name.ptr[i], LEX_LETTER | LEX_DIGIT | LEX_DOT) &&
		    name.ptr[i] != '_' && name.ptr[i] != '$' && name.ptr[i] != ':')
			return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct slice end = slice_str(ends[i]);

		if (name.len > end.len &&
		    slice_equal(slice_from(name, name.len - end.len), end))
			return true;
	}
	return false;
}

/* "12" at the end, behind a colon: /app/index.js:12 */
static bool ends_in_line_number(struct slice line)
{
	size_t at = line.len;

	while (at > 0 && byte_is(line.ptr[at - 1], BYTE_DIGIT))
		at--;
	return at > 1 && at < line.len && line.ptr[at - 1] == ':';
}

/* app.rb:3:in `load': no such file (RuntimeError) */
static bool is_ruby_head(struct slice first, struct slice line)
{
	return first.len > 3 && first.len + 1 < line.len &&
	       slice_equal(slice_from(first, first.len - 3), SLICE(":in")) &&
	       ends_in_line_number(slice_head(first, first.len - 3)) &&
	       (line.ptr[first.len + 1] == '`' || line.ptr[first.len + 1] == '\'');
}

bool line_heads_trace(struct slice line)
{
	size_t len = 0;

	while (len < line.len && line.ptr[len] != ' ')
		len++;

	struct slice first = slice_head(line, len);

	if (len == line.len && ends_in_line_number(line))
		return memchr(line.ptr, '/', line.len) != NULL;
	if (is_ruby_head(first, line))
		return true;
	/* TypeError [ERR_X]: y */
	if (len + 1 < line.len && line.ptr[len + 1] == '[')
		return name_is_exception(first);
	if (len < line.len && (len == 0 || line.ptr[len - 1] != ':'))
		return false;
	if (len < line.len)
		first.len--;
	return name_is_exception(first) || slice_equal(first, SLICE("Error"));
}

bool line_is_frame(struct slice line)
{
	line = slice_trim(line);
	if (line.len == 0)
		return false;
	switch (line.ptr[0]) {
	case 'a':
		return STARTS(line, "at ");
	case 'f':
		return STARTS(line, "from ") && memchr(line.ptr, ':', line.len) != NULL;
	case 'F':
		return STARTS(line, "File \"");
	case '#':
		return is_numbered_frame(line);
	default:
		return is_go_frame(line);
	}
}

/* Rust before its message, Node's caret before its error */
bool line_wants_more(struct slice line)
{
	if (line.len == 0)
		return false;

	char last = line.ptr[line.len - 1];

	if (last == '^' || last == '~') {
		for (size_t i = 0; i < line.len; i++) {
			if (line.ptr[i] != '^' && line.ptr[i] != '~' &&
			    !byte_is(line.ptr[i], BYTE_BLANK))
				return false;
		}
		return true;
	}
	return last == ':' && STARTS(line, "thread '") &&
	       memmem(line.ptr, line.len, "panicked at", 11) != NULL;
}

static char shape_of_byte(char c)
{
	if (byte_is(c, BYTE_DIGIT))
		return '0';
	if (byte_is(c, BYTE_ALPHA))
		return 'a';
	return c;
}

/* the next byte's shape, runs of digits and of letters as one; 0 at the end */
static char next_shape(struct slice line, size_t *at)
{
	if (*at >= line.len)
		return '\0';

	char shape = shape_of_byte(line.ptr[*at]);

	do
		(*at)++;
	while ((shape == '0' || shape == 'a') && *at < line.len &&
	       shape_of_byte(line.ptr[*at]) == shape);
	return shape;
}

#define ALIKE_FIELDS 2
#define ALIKE_RUNS_MAX 32

bool lines_begin_alike(struct slice a, struct slice b)
{
	size_t at_a = 0;
	size_t at_b = 0;
	unsigned fields = 0;
	bool tells = false; /* a first field of letters only could be any word */

	for (unsigned runs = 0; runs < ALIKE_RUNS_MAX; runs++) {
		char shape = next_shape(a, &at_a);

		if (shape != next_shape(b, &at_b) || shape == '\0')
			return false;
		if (byte_is(shape, BYTE_BLANK)) {
			if (++fields == ALIKE_FIELDS)
				return tells;
		} else if (shape != 'a' && fields == 0) {
			tells = true;
		}
	}
	return false;
}
