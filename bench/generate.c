/* generate.c - writes log lines of many programs, the same for the same seed */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/adversarial.h"
#include "bench/formats.h"
#include "bench/random.h"
#include "bench/templates.h"

#define WRITE_BYTES ((size_t)1 << 20)

struct options {
	uint64_t lines;
	uint64_t seed;
	uint64_t start_s; /* time of the first line */
	uint64_t rate;    /* lines a second, in the logs' own time */
	int format;       /* -1: all */
	int adversarial;  /* a kind, or -1: usual lines */
};

static const struct option long_options[] = {
	{ "lines", required_argument, NULL, 'n' },
	{ "seed", required_argument, NULL, 's' },
	{ "start", required_argument, NULL, 't' },
	{ "rate", required_argument, NULL, 'r' },
	{ "format", required_argument, NULL, 'f' },
	{ "adversarial", required_argument, NULL, 'a' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void print_usage(FILE *out)
{
	(void)fprintf(out, "usage: generate [--lines N] [--seed S] [--start EPOCH_S] "
			   "[--rate LINES_PER_S] [--format NAME] [--adversarial KIND]\n"
			   "kinds:");
	for (size_t i = 0; i < adversarial_count(); i++)
		(void)fprintf(out, " %s", adversarial_name(i));
	(void)fputs("\nformats:", out);
	for (size_t i = 0; i < formats_count(); i++)
		(void)fprintf(out, " %s", format_name(i));
	(void)fputc('\n', out);
}

static int parse_number(const char *text, uint64_t *out)
{
	char *end;
	errno = 0;
	uintmax_t value = strtoumax(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || *text == '-')
		return -1;
	*out = value;
	return 0;
}

static int parse_name(const char *name, size_t count, const char *name_of(size_t index),
		      int *out)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(name_of(i), name) == 0) {
			*out = (int)i;
			return 0;
		}
	}
	return -1;
}

static int parse_option(int option, struct options *options)
{
	switch (option) {
	case 'n':
		return parse_number(optarg, &options->lines);
	case 's':
		return parse_number(optarg, &options->seed);
	case 't':
		return parse_number(optarg, &options->start_s);
	case 'r':
		return parse_number(optarg, &options->rate) == 0 && options->rate > 0
			       ? 0
			       : -1;
	case 'f':
		return parse_name(optarg, formats_count(), format_name,
				  &options->format);
	case 'a':
		return parse_name(optarg, adversarial_count(), adversarial_name,
				  &options->adversarial);
	default:
		return -1;
	}
}

/* a format stays for a while, as files and containers do */
static size_t next_format(const struct options *options, struct random *random,
			  size_t before)
{
	if (options->format >= 0)
		return (size_t)options->format;
	if (random_below(random, 8) != 0)
		return before;
	return random_below(random, (uint32_t)formats_count());
}

static int generate(const struct options *options)
{
	struct templates *templates = templates_new();
	struct moment moment = { .second = -1 };
	struct buf out = { 0 };
	struct random random;
	size_t format = 0;
	int result = 0;
	random_init(&random, options->seed);
	uint64_t time_us = options->start_s * 1000000;
	const uint64_t gap_us = UINT64_C(2000000) / options->rate;
	for (uint64_t i = 0; i < options->lines && result == 0; i++) {
		time_us += random_below(&random, (uint32_t)gap_us + 1);
		moment_set(&moment, (int64_t)time_us);
		if (options->adversarial >= 0) {
			adversarial_write((size_t)options->adversarial, i, &random,
					  &out);
		} else {
			format = next_format(options, &random, format);
			format_write(format, templates, &moment, &random, &out);
		}
		if (out.len >= WRITE_BYTES || i + 1 == options->lines) {
			if (fwrite(out.data, 1, out.len, stdout) != out.len)
				result = -1;
			buf_clear(&out);
		}
	}
	if (fflush(stdout) != 0)
		result = -1;
	buf_deinit(&out);
	templates_free(&templates);
	return result;
}

int main(int argc, char **argv)
{
	struct options options = { .lines = 100000,
				   .seed = 1,
				   .start_s = 1767600000,
				   .rate = 5000,
				   .format = -1,
				   .adversarial = -1 };
	int option;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
	while ((option = getopt_long(argc, argv, "n:s:t:r:f:a:h", long_options,
				     NULL)) != -1) {
		if (option == 'h') {
			print_usage(stdout);
			return EXIT_SUCCESS;
		}
		if (parse_option(option, &options) < 0) {
			print_usage(stderr);
			return 2;
		}
	}
	if (generate(&options) < 0) {
		perror("generate: standard output");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
