/* json_alias.c - the aliases by length of key, so that a lookup compares few of them */
#include "pipeline/json_alias.h"

#include "base/compiler.h"
#include "pipeline/byte_class.h"

#define ALIAS_LEN_MAX 25

#define TIME(name, rank)                                                               \
	{                                                                              \
		name, ROLE_TIMESTAMP, rank, 0                                          \
	}
#define LEVEL(name, rank, scale)                                                       \
	{                                                                              \
		name, ROLE_SEVERITY, rank, scale                                       \
	}
#define SERVICE(name, rank)                                                            \
	{                                                                              \
		name, ROLE_SERVICE, rank, 0                                            \
	}
#define MESSAGE(name, rank)                                                            \
	{                                                                              \
		name, ROLE_MESSAGE, rank, 0                                            \
	}
#define HOST(name, rank)                                                               \
	{                                                                              \
		name, ROLE_HOST, rank, 0                                               \
	}
#define NAMED(name, role)                                                              \
	{                                                                              \
		name, ROLE_##role, 1, 0                                                \
	}
#define END                                                                            \
	{                                                                              \
		NULL, ROLE_NONE, 0, 0                                                  \
	}

static const struct alias *const by_length[ALIAS_LEN_MAX + 1] = {
	[1] = (const struct alias[]){ TIME("t", 3), LEVEL("s", 9, SCALE_WORDS),
				      SERVICE("c", 9), END },
	[2] = (const struct alias[]){ TIME("ts", 1), TIME("@t", 1), MESSAGE("@m", 1),
				      LEVEL("@l", 1, SCALE_PINO_OR_SYSLOG), END },
	[3] = (const struct alias[]){ MESSAGE("msg", 1), MESSAGE("@mt", 2),
				      MESSAGE("log", 5),
				      LEVEL("lvl", 1, SCALE_PINO_OR_SYSLOG),
				      SERVICE("svc", 1), SERVICE("app", 2),
				      MESSAGE("err", 8), NAMED("@tr", TRACE_ID),
				      NAMED("@sp", SPAN_ID), NAMED("uid", USER_ID),
				      NAMED("pid", PID), END },
	[4] = (const struct alias[]){ TIME("time", 1), TIME("date", 4), HOST("host", 1),
				      MESSAGE("body", 2), MESSAGE("text", 4),
				      SERVICE("name", 5), LEVEL("type", 9, SCALE_WORDS),
				      END },
	[5] = (const struct alias[]){ LEVEL("level", 1, SCALE_PINO_OR_SYSLOG),
				      MESSAGE("event", 3), MESSAGE("error", 8),
				      NAMED("reqid", REQUEST_ID), END },
	[6] = (const struct alias[]){ SERVICE("logger", 4), SERVICE("module", 6),
				      NAMED("req_id", REQUEST_ID),
				      NAMED("req.id", REQUEST_ID),
				      NAMED("spanid", SPAN_ID),
				      NAMED("userid", USER_ID),
				      NAMED("status", HTTP_STATUS),
				      NAMED("method", HTTP_METHOD), END },
	[7] =
		(const struct alias[]){
			MESSAGE("message", 0), SERVICE("service", 1),
			SERVICE("appname", 2), TIME("asctime", 2),
			LEVEL("levelno", 6, SCALE_PYTHON), TIME("t.$date", 1),
			NAMED("traceid", TRACE_ID), NAMED("span_id", SPAN_ID),
			NAMED("span.id", SPAN_ID), NAMED("user_id", USER_ID),
			NAMED("user.id", USER_ID), NAMED("process", PID), END },
	[8] = (const struct alias[]){ LEVEL("severity", 1, SCALE_PINO_OR_SYSLOG),
				      LEVEL("loglevel", 1, SCALE_PINO_OR_SYSLOG),
				      LEVEL("priority", 4, SCALE_SYSLOG),
				      HOST("hostname", 0), TIME("datetime", 2),
				      SERVICE("app_name", 2),
				      NAMED("trace_id", TRACE_ID),
				      NAMED("trace.id", TRACE_ID), END },
	[9] = (const struct alias[]){ TIME("timestamp", 0), TIME("eventtime", 1),
				      LEVEL("levelname", 0, SCALE_PYTHON),
				      LEVEL("log.level", 0, SCALE_PINO_OR_SYSLOG),
				      LEVEL("log_level", 0, SCALE_PINO_OR_SYSLOG),
				      SERVICE("component", 3), HOST("host.name", 0),
				      NAMED("requestid", REQUEST_ID),
				      NAMED("processid", PID), END },
	[10] =
		(const struct alias[]){
			TIME("@timestamp", 0), TIME("event_time", 1),
			TIME("timemillis", 1), SERVICE("loggername", 4),
			SERVICE("log.logger", 4), NAMED("request_id", REQUEST_ID),
			NAMED("request.id", REQUEST_ID), NAMED("dd.span_id", SPAN_ID),
			NAMED("otelspanid", SPAN_ID), NAMED("enduser.id", USER_ID),
			NAMED("statuscode", HTTP_STATUS),
			NAMED("res.status", HTTP_STATUS),
			NAMED("req.method", HTTP_METHOD), NAMED("process_id", PID),
			NAMED("process.id", PID), END },
	[11] = (const struct alias[]){ SERVICE("logger_name", 4),
				       SERVICE("application", 2),
				       HOST("machinename", 2), HOST("source_host", 2),
				       HOST("source.host", 3),
				       NAMED("dd.trace_id", TRACE_ID),
				       NAMED("oteltraceid", TRACE_ID),
				       NAMED("status_code", HTTP_STATUS),
				       NAMED("http_status", HTTP_STATUS),
				       NAMED("http.status", HTTP_STATUS),
				       NAMED("http.method", HTTP_METHOD),
				       NAMED("http_method", HTTP_METHOD),
				       NAMED("process.pid", PID), END },
	[12] = (const struct alias[]){ SERVICE("service.name", 0),
				       SERVICE("service_name", 0),
				       LEVEL("severitytext", 0, SCALE_OTEL),
				       TIME("timeunixnano", 0),
				       NAMED("x-request-id", REQUEST_ID),
				       NAMED("x_request_id", REQUEST_ID), END },
	[13] = (const struct alias[]){ MESSAGE("short_message", 1),
				       LEVEL("severity_text", 0, SCALE_OTEL),
				       TIME("lasttimestamp", 1),
				       SERVICE("sourcecontext", 4),
				       NAMED("correlationid", REQUEST_ID), END },
	[14] = (const struct alias[]){ LEVEL("severitynumber", 5, SCALE_OTEL),
				       TIME("firsttimestamp", 5),
				       NAMED("correlation_id", REQUEST_ID),
				       NAMED("res.statuscode", HTTP_STATUS),
				       NAMED("request.method", HTTP_METHOD),
				       NAMED("request_method", HTTP_METHOD), END },
	[15] = (const struct alias[]){ LEVEL("severity_number", 5, SCALE_OTEL),
				       MESSAGE("renderedmessage", 1),
				       MESSAGE("messagetemplate", 2),
				       NAMED("http.request.id", REQUEST_ID),
				       NAMED("response.status", HTTP_STATUS), END },
	[16] = (const struct alias[]){ SERVICE("source.component", 3),
				       NAMED("http.status_code", HTTP_STATUS), END },
	[17] = (const struct alias[]){ SERVICE("syslog_identifier", 1), END },
	[18] = (const struct alias[]){ NAMED("httprequest.status", HTTP_STATUS), END },
	[19] = (const struct alias[]){ NAMED("http.request.method", HTTP_METHOD), END },
	[20] = (const struct alias[]){ TIME("__realtime_timestamp", 0), END },
	[25] = (const struct alias[]){ SERVICE("kubernetes.container_name", 4),
				       NAMED("http.response.status_code", HTTP_STATUS),
				       NAMED("httprequest.requestmethod", HTTP_METHOD),
				       END },
};

static const struct {
	char name[12];
} attributes[ROLE_COUNT] = {
	[ROLE_REQUEST_ID] = { "request_id" },
	[ROLE_TRACE_ID] = { "trace_id" },
	[ROLE_SPAN_ID] = { "span_id" },
	[ROLE_USER_ID] = { "user_id" },
	[ROLE_HTTP_STATUS] = { "http.status" },
	[ROLE_HTTP_METHOD] = { "http.method" },
	[ROLE_PID] = { "pid" },
};

static const struct alias *find(struct slice key)
{
	char lower[ALIAS_LEN_MAX + 1];

	if (key.len == 0 || key.len > ALIAS_LEN_MAX || by_length[key.len] == NULL)
		return NULL;
	for (size_t i = 0; i < key.len; i++) {
		char c = key.ptr[i];

		lower[i] = c;
		if (byte_is(c, BYTE_UPPER))
			lower[i] = (char)(c + ('a' - 'A'));
	}
	for (const struct alias *alias = by_length[key.len]; alias->name != NULL;
	     alias++) {
		if (memcmp(alias->name, lower, key.len) == 0)
			return alias;
	}
	return NULL;
}

/* objects that hold what else would stand beside them: OpenTelemetry's and their like
 */
static struct slice without_wrapper(struct slice key)
{
	static const struct {
		char text[12];
	} wrappers[] = { { "resource." }, { "attributes." }, { "fields." },
			 { "context." },  { "extra." },      { "labels." } };

	for (size_t i = 0; i < ARRAY_LEN(wrappers); i++) {
		struct slice wrapper = slice_str(wrappers[i].text);

		if (slice_starts_with(key, wrapper))
			key = slice_from(key, wrapper.len);
	}
	return key;
}

const struct alias *alias_of_key(struct slice key)
{
	/* GELF and the journal mark their own fields so */
	if (key.len > 2 && key.ptr[0] == '_' && key.ptr[1] != '_')
		key = slice_from(key, 1);

	const struct alias *alias = find(key);
	struct slice inner = { 0 };

	if (alias != NULL)
		return alias;
	inner = without_wrapper(key);
	if (inner.len == key.len)
		return NULL;
	alias = find(inner);
	/* "attributes.message" is not the message, "resource.service.name" is the name
	 */
	if (alias != NULL && alias->role <= ROLE_HOST &&
	    (memchr(inner.ptr, '.', inner.len) == NULL ||
	     (alias->role != ROLE_SERVICE && alias->role != ROLE_HOST)))
		return NULL;
	return alias;
}

struct slice alias_attribute(enum alias_role role)
{
	if (attributes[role].name[0] == '\0')
		return (struct slice){ 0 };
	return slice_str(attributes[role].name);
}

static bool all_digits(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!byte_is(text.ptr[i], BYTE_DIGIT))
			return false;
	}
	return text.len > 0;
}

static bool is_http_method(struct slice text)
{
	static const struct {
		char text[8];
	} methods[] = { { "GET" },     { "POST" },    { "PUT" },
			{ "DELETE" },  { "HEAD" },    { "PATCH" },
			{ "OPTIONS" }, { "CONNECT" }, { "TRACE" } };

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (slice_equal_nocase(text, slice_str(methods[i].text)))
			return true;
	}
	return false;
}

bool alias_fits(enum alias_role role, struct slice value)
{
	switch (role) {
	case ROLE_HTTP_STATUS:
		return value.len == 3 && value.ptr[0] >= '1' && value.ptr[0] <= '5' &&
		       all_digits(value);
	case ROLE_HTTP_METHOD:
		return is_http_method(value);
	case ROLE_PID:
		return all_digits(value);
	case ROLE_NONE:
	case ROLE_TIMESTAMP:
	case ROLE_SEVERITY:
	case ROLE_SERVICE:
	case ROLE_MESSAGE:
	case ROLE_HOST:
	case ROLE_REQUEST_ID:
	case ROLE_TRACE_ID:
	case ROLE_SPAN_ID:
	case ROLE_USER_ID:
	case ROLE_COUNT:
	default:
		return value.len > 0;
	}
}

static enum severity severity_of_syslog(unsigned value)
{
	static const enum severity levels[] = {
		SEVERITY_CRITICAL, SEVERITY_CRITICAL, SEVERITY_CRITICAL, SEVERITY_ERROR,
		SEVERITY_WARN,     SEVERITY_NOTICE,   SEVERITY_INFO,     SEVERITY_DEBUG,
	};

	return value < ARRAY_LEN(levels) ? levels[value] : SEVERITY_NONE;
}

static enum severity severity_of_otel(unsigned value)
{
	static const enum severity levels[] = { SEVERITY_TRACE, SEVERITY_DEBUG,
						SEVERITY_INFO,  SEVERITY_WARN,
						SEVERITY_ERROR, SEVERITY_CRITICAL };

	if (value == 0 || value > 24)
		return SEVERITY_NONE;
	return value == 10 ? SEVERITY_NOTICE : levels[(value - 1) / 4];
}

static enum severity severity_of_tens(unsigned value, enum level_scale scale)
{
	static const enum severity python[] = { SEVERITY_NONE,  SEVERITY_DEBUG,
						SEVERITY_INFO,  SEVERITY_WARN,
						SEVERITY_ERROR, SEVERITY_CRITICAL };
	static const enum severity pino[] = { SEVERITY_NONE,    SEVERITY_TRACE,
					      SEVERITY_DEBUG,   SEVERITY_INFO,
					      SEVERITY_WARN,    SEVERITY_ERROR,
					      SEVERITY_CRITICAL };
	unsigned tens = value / 10;

	if (scale == SCALE_PYTHON)
		return tens < ARRAY_LEN(python) ? python[tens] : SEVERITY_NONE;
	return tens < ARRAY_LEN(pino) ? pino[tens] : SEVERITY_NONE;
}

enum severity severity_of_number(struct slice digits, enum level_scale scale)
{
	unsigned value = 0;

	if (digits.len == 0 || digits.len > 3)
		return SEVERITY_NONE;
	for (size_t i = 0; i < digits.len; i++) {
		if (!byte_is(digits.ptr[i], BYTE_DIGIT))
			return SEVERITY_NONE;
		value = value * 10 + (unsigned)(digits.ptr[i] - '0');
	}
	switch (scale) {
	case SCALE_OTEL:
		return severity_of_otel(value);
	case SCALE_SYSLOG:
		return severity_of_syslog(value);
	case SCALE_PYTHON:
		return severity_of_tens(value, scale);
	case SCALE_WORDS:
		return SEVERITY_NONE;
	case SCALE_PINO_OR_SYSLOG:
	default:
		/* GELF and syslog count to 7, pino and bunyan in tens */
		return value < 8 ? severity_of_syslog(value)
				 : severity_of_tens(value, scale);
	}
}
