/* error.c - filling error texts */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* strerror_r has two signatures; glibc's returns the text */
static const char *errno_text(int number, char *space, size_t size)
{
	return strerror_r(number, space, size);
}

int error_set(struct error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(error->text, sizeof(error->text), format, args); /* may cut */
	va_end(args);
	return -1;
}

int error_set_errno(struct error *error, const char *format, ...)
{
	int number = errno;
	char space[128];
	char what[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args); /* may cut */
	va_end(args);
	return error_set(error, "%.380s: %s", what,
			 errno_text(number, space, sizeof(space)));
}

int error_prefix(struct error *error, const char *format, ...)
{
	struct error old = *error;
	char what[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args); /* may cut */
	va_end(args);
	return error_set(error, "%.255s: %.254s", what, old.text);
}
