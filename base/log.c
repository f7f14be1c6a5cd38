/* log.c - formatting and limiting log lines */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 2048
#define SITE_LINES 20
#define SITE_WINDOW_US (INT64_C(10) * 1000000)

static const char *const level_names[] = { "debug", "info", "warn", "error" };

static struct {
	pthread_mutex_t mutex;
	enum log_level level;
	log_sink_fn *sink;
	void *context;
} logger = { .mutex = PTHREAD_MUTEX_INITIALIZER, .level = LOG_LEVEL_INFO };

void log_set_level(enum log_level level)
{
	logger.level = level;
}

int log_level_parse(const char *name, enum log_level *out)
{
	for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*out = (enum log_level)i;
			return 0;
		}
	}
	return -1;
}

void log_set_sink(log_sink_fn *sink, void *context)
{
	pthread_mutex_lock(&logger.mutex);
	logger.sink = sink;
	logger.context = context;
	pthread_mutex_unlock(&logger.mutex);
}

static void emit(enum log_level level, const char *tag, const char *message)
{
	char line[LINE_MAX_BYTES + 256];
	char when[32];
	int64_t now_us = clock_now_us();
	time_t seconds = (time_t)(now_us / 1000000);
	struct tm parts = { 0 };

	(void)gmtime_r(&seconds, &parts); /* cannot fail for the present */
	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &parts);
	(void)snprintf(line, sizeof(line), "ts=%s.%03dZ level=%s tag=%s msg=\"%s\"\n",
		       when, (int)(now_us / 1000 % 1000), level_names[level], tag,
		       message);
	if (logger.sink != NULL)
		logger.sink(level, line, logger.context);
	else
		(void)fputs(line, stderr); /* stderr gone: nobody to tell */
}

/* quotes and control bytes would break the line's form */
static void clean(char *message)
{
	for (char *at = message; *at != '\0'; at++) {
		if (*at == '"')
			*at = '\'';
		else if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = ' ';
	}
}

static bool site_allows(struct log_site *site, enum log_level level, const char *tag)
{
	int64_t now_us = clock_monotonic_us();
	char message[96];

	if (level == LOG_LEVEL_DEBUG)
		return true;
	if (site->since_us == 0 || now_us - site->since_us >= SITE_WINDOW_US) {
		if (site->held > 0) {
			(void)snprintf(message, sizeof(message),
				       "similar lines held back count=%u", site->held);
			emit(level, tag, message);
		}
		*site = (struct log_site){ .since_us = now_us };
	}
	if (site->written >= SITE_LINES) {
		site->held++;
		return false;
	}
	site->written++;
	return true;
}

void log_write(struct log_site *site, enum log_level level, const char *tag,
	       const char *format, ...)
{
	char message[LINE_MAX_BYTES];
	va_list args;

	if (level < logger.level)
		return;
	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args); /* may cut */
	va_end(args);
	clean(message);
	pthread_mutex_lock(&logger.mutex);
	if (site_allows(site, level, tag))
		emit(level, tag, message);
	pthread_mutex_unlock(&logger.mutex);
}
