/* sift_live.c - pictures on the second screen, at their time */
#include "daemon/sift_live.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define INTERVAL_US INT64_C(250000)
/* an input that ends at once needs no picture */
#define FIRST_US INT64_C(400000)
/* without news too: the clock in the picture goes on, and the terminal may be resized
 */
#define IDLE_US INT64_C(1000000)
#define COLUMNS_DEFAULT 200
#define COLUMNS_MIN 40

#define ENTER "\x1b[?1049h\x1b[?25l\x1b[?7l"
#define LEAVE "\x1b[?7h\x1b[?25h\x1b[?1049l"

struct sift_live {
	sift_live_fn *draw;
	void *context;
	struct buf text;
	bool entered;
	bool changed;
	int64_t next_us;  /* not before */
	int64_t drawn_us; /* the last one */
};

struct sift_live *sift_live_new(sift_live_fn *draw, void *context)
{
	struct sift_live *live = mem_calloc(1, sizeof(*live));

	live->draw = draw;
	live->context = context;
	live->next_us = clock_monotonic_us() + FIRST_US;
	return live;
}

/* a picture that the terminal does not take is lost: the report at the end tells */
static void show(struct slice text)
{
	while (text.len > 0) {
		ssize_t written = write(STDOUT_FILENO, text.ptr, text.len);

		if (written <= 0)
			return;
		text = slice_from(text, (size_t)written);
	}
}

void sift_live_free(struct sift_live **live)
{
	if (*live == NULL)
		return;
	if ((*live)->entered)
		show(SLICE(LEAVE));
	buf_deinit(&(*live)->text);
	mem_free(*live);
	*live = NULL;
}

static void draw(struct sift_live *live, int64_t now_us)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int64_t cost_us = 0;

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size); /* else as it is above */
	buf_clear(&live->text);
	if (!live->entered)
		buf_append_str(&live->text, ENTER);
	live->entered = true;
	buf_append_str(&live->text, "\x1b[H");
	live->draw(live->context, size.ws_row, size.ws_col, &live->text);
	buf_append_str(&live->text, "\x1b[J");
	show(buf_slice(&live->text));
	live->changed = false;
	live->drawn_us = clock_monotonic_us();
	cost_us = live->drawn_us - now_us;
	live->next_us = live->drawn_us +
			(cost_us * 4 > INTERVAL_US ? cost_us * 4 : INTERVAL_US);
}

void sift_live_turn(struct sift_live *live, bool changed)
{
	int64_t now_us = clock_monotonic_us();

	live->changed |= changed;
	if (now_us < live->next_us)
		return;
	if (live->changed || now_us - live->drawn_us >= IDLE_US)
		draw(live, now_us);
}

size_t sift_live_columns(void)
{
	struct winsize size = { 0 };
	const char *columns = NULL;
	char *end = NULL;
	unsigned long value = 0;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col < COLUMNS_MIN ? COLUMNS_MIN : size.ws_col;
	/* no other thread changes the environment */
	columns = getenv("COLUMNS"); /* NOLINT(concurrency-mt-unsafe) */
	value = columns == NULL ? 0 : strtoul(columns, &end, 10);
	if (value < COLUMNS_MIN || *end != '\0' || value > 10000)
		return COLUMNS_DEFAULT;
	return value;
}
