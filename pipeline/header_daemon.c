/* header_daemon.c - headers that one program writes: syslog daemons, klog, Redis,
 * WebLogic, AWS Lambda */
#include "base/compiler.h"
#include "pipeline/format.h"
#include "pipeline/header_scanner.h"

/* "cron[123]:", "pam(x)[1]:", "kernel:": sets service and pid, moves behind the colon
 */
static bool take_tag(struct header_scanner *s, const char *at)
{
	const char *to = at;

	while (to < s->end && byte_is(*to, BYTE_IDENT) && *to != '[' && *to != ':')
		to++;
	if (to == at)
		return false;

	const char *name_end = to;
	const char *pid = NULL;
	const char *pid_end = NULL;

	if (byte_at(s, to) == '[') {
		pid = to + 1;
		for (to = pid; to < s->end && *to != ']' && !byte_is(*to, BYTE_BLANK);)
			to++;
		if (byte_at(s, to) != ']')
			return false;
		pid_end = to++;
		/* launchd: tag[pid] (label): */
		if (byte_at(s, to) == ' ' && byte_at(s, to + 1) == '(') {
			const char *close = memchr(to, ')', (size_t)(s->end - to));

			if (close != NULL && byte_at(s, close + 1) == ':')
				to = close + 1;
		}
	}
	if (byte_at(s, to) != ':' || !blank_or_end(s, to + 1))
		return false;
	s->out->service = span_of(s, at, name_end);
	if (pid != NULL)
		s->out->pid = span_of(s, pid, pid_end);
	s->component = true;
	s->at = to + 1;
	return true;
}

/* "syslogd 1.4.1:", "Google Chrome[12]:" */
static bool take_two_word_tag(struct header_scanner *s, const char *at)
{
	const char *to = field_end(at, s->end);
	const char *second = skip_blanks(to, s->end);
	const char *second_end = field_end(second, s->end);

	if (second == second_end || second_end[-1] != ':' || second - to != 1)
		return false;
	for (const char *c = at; c < to; c++) {
		if (!byte_is(*c, BYTE_IDENT) || *c == ':')
			return false;
	}

	bool version = byte_is(*second, BYTE_DIGIT);

	if (!version && memchr(second, '[', (size_t)(second_end - second)) == NULL)
		return false;
	if (version)
		s->at = second_end;
	else if (!take_tag(s, second))
		return false;
	s->out->service = span_of(
		s, at,
		version ? to : s->text + s->out->service.at + s->out->service.len);
	s->component = true;
	return true;
}

static bool is_host(const char *at, const char *to)
{
	if (at == to || to[-1] == ':' || !byte_is(*at, BYTE_ALNUM))
		return false;
	for (; at < to; at++) {
		if (!byte_is(*at, BYTE_IDENT))
			return false;
	}
	return true;
}

/* [12345.678901] of the kernel's ring buffer: seconds since the machine started.
 * Returns where it ends, NULL when it is none. */
static const char *uptime_end(const struct header_scanner *s, const char *open)
{
	const char *at = skip_blanks(open + 1, s->end);
	const char *dot = at;
	const char *to = NULL;

	while (dot < s->end && byte_is(*dot, BYTE_DIGIT))
		dot++;
	if (dot == at || dot - at > 9 || byte_at(s, dot) != '.')
		return NULL;
	for (to = dot + 1; to < s->end && byte_is(*to, BYTE_DIGIT);)
		to++;
	if (to - dot != 7 || byte_at(s, to) != ']' || !blank_or_end(s, to + 1))
		return NULL;
	return to + 1;
}

/* what syslog daemons copy from the ring buffer keeps its second stamp */
static void skip_uptime(struct header_scanner *s)
{
	const char *at = skip_blanks(s->at, s->end);
	const char *end = byte_at(s, at) == '[' ? uptime_end(s, at) : NULL;

	if (end != NULL &&
	    slice_equal(slice_of(s->text + s->out->service.at, s->out->service.len),
			SLICE("kernel")))
		s->at = end;
}

/* a file written by a syslog daemon: host and tag behind the stamp */
bool header_take_syslog(struct header_scanner *s)
{
	const char *at = skip_blanks(s->at, s->end);
	const char *to = field_end(at, s->end);
	bool is_daemon = s->shape == TIMESTAMP_SYSLOG || s->has_priority;
	struct level level;

	if (header_read_level(at, to, &level) && level.letter_case == LEVEL_UPPER)
		return false;
	if (is_daemon && at < to && to[-1] == ':') {
		s->out->format = FORMAT_SYSLOG3164;
		return take_tag(s, at);
	}
	if (!is_host(at, to))
		return false;

	const char *tag = skip_blanks(to, s->end);

	if (!is_daemon) {
		/* only what a daemon surely wrote: tag[pid]: or a name like a host's */
		bool plain = !take_tag(s, tag);

		if (plain || (s->out->pid.len == 0 && all_are(at, to, BYTE_LOWER) &&
			      s->out->service.len != 6)) {
			s->component = false;
			s->out->service.len = 0;
			return false;
		}
	} else if (!take_tag(s, tag) && !take_two_word_tag(s, tag)) {
		s->at = to;
	}
	skip_uptime(s);
	s->out->host = span_of(s, at, to);
	s->out->format = FORMAT_SYSLOG3164;
	return true;
}

/* I0102 15:04:05.678901   12345 file.go:123] */
bool header_take_klog(struct header_scanner *s)
{
	const char *at = s->text;

	if (s->end - at < 22 || !byte_is(at[0], BYTE_UPPER) || at[5] != ' ' ||
	    at[8] != ':' || at[11] != ':')
		return false;

	enum severity severity = severity_of_word(slice_of(at, 1));
	struct timestamp_match match;
	size_t len = timestamp_scan_klog(slice_of(at + 1, (size_t)(s->end - at) - 1),
					 s->context, &match);

	if (severity == SEVERITY_NONE || len == 0)
		return false;

	const char *pid = skip_blanks(at + 1 + len, s->end);
	const char *pid_end = field_end(pid, s->end);
	const char *place = skip_blanks(pid_end, s->end);
	const char *close = field_end(place, s->end);

	if (close == place || close[-1] != ']')
		return false;
	s->out->timestamp_us = match.us;
	s->out->severity = severity;
	s->out->severity_text = span_of(s, at, at + 1);
	s->out->pid = span_of(s, pid, pid_end);
	s->stamped = true;
	s->leveled = true;
	s->at = close;
	return true;
}

/* 1234:M 01 Jan 2020 00:00:00.000 * message: role and level are one byte each */
bool header_take_redis(struct header_scanner *s)
{
	static const char marks[] = ".-*#";
	static const enum severity severities[] = { SEVERITY_DEBUG, SEVERITY_TRACE,
						    SEVERITY_NOTICE, SEVERITY_WARN };
	const char *pid_end = s->text;
	struct timestamp_match match;

	while (pid_end < s->end && byte_is(*pid_end, BYTE_DIGIT))
		pid_end++;
	if (pid_end == s->text || s->end - pid_end < 20 || pid_end[0] != ':' ||
	    !byte_is(pid_end[1], BYTE_UPPER) || pid_end[2] != ' ')
		return false;

	const char *stamp = pid_end + 3;
	size_t len = timestamp_scan(slice_of(stamp, (size_t)(s->end - stamp)),
				    s->context, &match);
	const char *mark = stamp + len + 1;

	if (len == 0 || s->end - mark < 2 || mark[-1] != ' ' || mark[1] != ' ' ||
	    *mark == '\0' || strchr(marks, *mark) == NULL)
		return false;
	s->out->timestamp_us = match.us;
	s->out->severity = severities[strchr(marks, *mark) - marks];
	s->out->severity_text = span_of(s, mark, mark + 1);
	s->out->pid = span_of(s, s->text, pid_end);
	s->stamped = true;
	s->leveled = true;
	s->at = mark + 2;
	return true;
}

bool header_take_kernel(struct header_scanner *s)
{
	const char *end = uptime_end(s, s->text);

	if (end == NULL)
		return false;
	s->booted = true;
	s->at = end;
	return true;
}

/* " <text>": what stands between the brackets; NULL when it is no such field */
static const char *angle_field_end(const struct header_scanner *s, const char *at)
{
	unsigned depth = 0;

	if (byte_at(s, at) != ' ' || byte_at(s, at + 1) != '<')
		return NULL;
	for (at++; at < s->end; at++) {
		depth += *at == '<';
		if (*at == '>' && --depth == 0)
			return at;
	}
	return NULL;
}

#define ANGLE_FIELDS_MAX 16

/* ####<stamp> <level> <subsystem> <machine> <server> <thread> ... <BEA-1234> <message>
 */
bool header_take_weblogic(struct header_scanner *s)
{
	static const char mark[] = "####<";
	const char *at = s->text + sizeof(mark) - 1;
	struct header_span fields[3] = { 0 };
	struct timestamp_match match;
	struct level level;
	size_t len = 0;

	if (s->end - s->text < 64 || memcmp(s->text, mark, sizeof(mark) - 1) != 0)
		return false;
	len = timestamp_scan(slice_of(at, (size_t)(s->end - at)), s->context, &match);
	at = len == 0 ? NULL : memchr(at + len, '>', (size_t)(s->end - at) - len);
	for (unsigned field = 0; at != NULL && field < ANGLE_FIELDS_MAX; field++) {
		const char *from = at + 3;
		const char *to = angle_field_end(s, at + 1);

		if (to == NULL)
			return false;
		if (field < ARRAY_LEN(fields))
			fields[field] = span_of(s, from, to);
		at = to;
		if (field < ARRAY_LEN(fields) || to - from < 5 ||
		    memcmp(from, "BEA-", 4) != 0 || byte_at(s, to + 2) != '<')
			continue;
		s->out->timestamp_us = match.us;
		if (header_read_level(s->text + fields[0].at, s->end, &level))
			header_set_level(s, &level);
		s->out->service = fields[1];
		s->out->host = fields[2];
		s->stamped = s->component = true;
		s->at = to + 3;
		return true;
	}
	return false;
}

/* "START RequestId: UUID": the platform's own lines, amid those of the function */
bool header_take_lambda(struct header_scanner *s)
{
	static const struct {
		char text[24];
	} begins[] = { { "START RequestId: " },  { "END RequestId: " },
		       { "REPORT RequestId: " }, { "RequestId: " },
		       { "INIT_START Runtime" }, { "EXTENSION\tName: " } };
	struct slice line = slice_of(s->text, (size_t)(s->end - s->text));

	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		if (slice_starts_with(line, slice_str(begins[i].text))) {
			s->booted = true;
			return true;
		}
	}
	return false;
}
