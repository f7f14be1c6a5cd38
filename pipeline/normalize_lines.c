/* normalize_lines.c - records of several lines, stack traces above all */
#include "base/compiler.h"
#include "pipeline/continuation.h"
#include "pipeline/fold.h"
#include "pipeline/lex_bytes.h"
#include "pipeline/lexer.h"
#include "pipeline/normalize_kinds.h"

#define FRAMES_MAX 3
#define EXCEPTIONS_MAX 4
#define LINES_MAX 1000

struct trace {
	struct slice frames[FRAMES_MAX];
	size_t frames_count; /* seen; the first FRAMES_MAX are kept, or the last */
	struct slice exceptions[EXCEPTIONS_MAX];
	size_t exceptions_count;
	bool newest_last; /* as Python writes them */
};

static void keep_frame(struct trace *trace, struct slice name)
{
	if (trace->newest_last)
		trace->frames[trace->frames_count % FRAMES_MAX] = name;
	else if (trace->frames_count < FRAMES_MAX)
		trace->frames[trace->frames_count] = name;
	trace->frames_count++;
}

static struct slice until(struct slice text, const char *stops)
{
	size_t len = 0;

	while (len < text.len && strchr(stops, text.ptr[len]) == NULL)
		len++;
	return slice_head(text, len);
}

static void read_exception(struct trace *trace, struct slice line)
{
	struct slice name = { NULL, 0 };

	if (slice_starts_with(line, SLICE("Caused by: ")))
		line = slice_from(line, 11);
	name = until(line, ": (");
	if (name_is_exception(name) && trace->exceptions_count < EXCEPTIONS_MAX)
		trace->exceptions[trace->exceptions_count++] = name;
}

/* main.(*server).handle(0xc0000) of Go: a call and nothing behind it */
static bool read_call(struct trace *trace, struct slice line)
{
	struct slice name = { NULL, 0 };
	size_t open = line.len;

	if (line.len < 3 || line.ptr[line.len - 1] != ')')
		return false;
	while (open > 0 && line.ptr[open - 1] != '(')
		open--;
	if (open < 2)
		return false;
	name = slice_head(line, open - 1);
	if (memchr(name.ptr, ' ', name.len) != NULL ||
	    memchr(name.ptr, '.', name.len) == NULL)
		return false;
	keep_frame(trace, name);
	return true;
}

/* "12: app::db::get"; *name is behind the number */
static bool read_rust_frame(struct slice line, struct slice *name)
{
	size_t at = 0;

	while (at < line.len && lex_is(line.ptr[at], LEX_DIGIT))
		at++;
	if (at == 0 || at > 4 || !slice_starts_with(slice_from(line, at), SLICE(": ")))
		return false;
	*name = slice_from(line, at + 2);
	return name->len > 0 && memchr(name->ptr, ' ', name->len) == NULL;
}

static void read_line(struct trace *trace, struct slice line)
{
	struct slice name = { NULL, 0 };

	if (read_rust_frame(line, &name)) {
		keep_frame(trace, name);
		return;
	}
	if (slice_starts_with(line, SLICE("at "))) {
		/* Rust: where the frame above stands, with a hash in its path */
		if (line.len > 3 && (line.ptr[3] == '/' || line.ptr[3] == '.'))
			return;
		keep_frame(trace, until(slice_from(line, 3), "( "));
		return;
	}
	if (slice_starts_with(line, SLICE("File \""))) {
		const char *in = memmem(line.ptr, line.len, ", in ", 5);

		trace->newest_last = true;
		if (in != NULL)
			keep_frame(trace,
				   slice_from(line, (size_t)(in + 5 - line.ptr)));
		return;
	}
	if (!read_call(trace, line))
		read_exception(trace, line);
}

/* a name, with every run of digits masked: lambda$main$0 */
static void add_name(struct tokens *tokens, struct slice name)
{
	char folded[TOKEN_TEXT_MAX];
	size_t len = 0;

	for (size_t i = 0; i < name.len && len < sizeof(folded); i++) {
		bool digit = lex_is(name.ptr[i], LEX_DIGIT);

		if (!digit)
			folded[len++] = name.ptr[i];
		else if (len == 0 || folded[len - 1] != FOLDED_VARIABLE)
			folded[len++] = FOLDED_VARIABLE;
	}
	if (len > 0)
		fold_synthetic(tokens, slice_of(folded, len), TOKEN_NAME);
}

static void add_trace(struct tokens *tokens, const struct trace *trace)
{
	size_t kept =
		trace->frames_count < FRAMES_MAX ? trace->frames_count : FRAMES_MAX;
	size_t oldest = trace->newest_last ? trace->frames_count - kept : 0;

	for (size_t i = 0; i < trace->exceptions_count; i++)
		add_name(tokens, trace->exceptions[i]);
	for (size_t i = 0; i < kept; i++)
		add_name(tokens, trace->frames[(oldest + i) % FRAMES_MAX]);
}

static size_t line_end(struct slice text, size_t at)
{
	const char *end = memchr(text.ptr + at, '\n', text.len - at);

	return end == NULL ? text.len : (size_t)(end - text.ptr);
}

void normalize_lines(struct tokens *tokens)
{
	struct slice text = tokens->text;
	struct trace trace = { 0 };
	size_t at = 0;

	if (text.len == 0)
		return;
	/* the first line that says something is the message */
	while (at < text.len && tokens->count == 0) {
		size_t end = line_end(text, at);

		lexer_run(tokens, at, end);
		at = end + 1;
	}
	for (unsigned lines = 0; at < text.len && lines < LINES_MAX; lines++) {
		size_t end = line_end(text, at);

		read_line(&trace, slice_trim(slice_of(text.ptr + at, end - at)));
		at = end + 1;
	}
	add_trace(tokens, &trace);
}
