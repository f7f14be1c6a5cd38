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
#define END                                                                            \
	{                                                                              \
		NULL, ROLE_NONE, 0, 0                                                  \
	}

static const struct alias *const by_length[ALIAS_LEN_MAX + 1] = {
	[1] = (const struct alias[]){ TIME("t", 3), END },
	[2] = (const struct alias[]){ TIME("ts", 1), TIME("@t", 1), MESSAGE("@m", 1),
				      LEVEL("@l", 1, SCALE_PINO_OR_SYSLOG), END },
	[3] = (const struct alias[]){ MESSAGE("msg", 1), MESSAGE("@mt", 2),
				      MESSAGE("log", 5),
				      LEVEL("lvl", 1, SCALE_PINO_OR_SYSLOG),
				      SERVICE("svc", 1), SERVICE("app", 2),
				      MESSAGE("err", 8), END },
	[4] = (const struct alias[]){ TIME("time", 1), TIME("date", 4), HOST("host", 1),
				      MESSAGE("body", 2), MESSAGE("text", 4),
				      SERVICE("name", 5), END },
	[5] = (const struct alias[]){ LEVEL("level", 1, SCALE_PINO_OR_SYSLOG),
				      MESSAGE("event", 3), MESSAGE("error", 8), END },
	[6] = (const struct alias[]){ SERVICE("logger", 4), SERVICE("module", 6), END },
	[7] = (const struct alias[]){ MESSAGE("message", 0), SERVICE("service", 1),
				      SERVICE("appname", 2), TIME("asctime", 2),
				      LEVEL("levelno", 6, SCALE_PYTHON), END },
	[8] = (const struct alias[]){ LEVEL("severity", 1, SCALE_PINO_OR_SYSLOG),
				      LEVEL("loglevel", 1, SCALE_PINO_OR_SYSLOG),
				      LEVEL("priority", 4, SCALE_SYSLOG),
				      HOST("hostname", 0), TIME("datetime", 2),
				      SERVICE("app_name", 2), END },
	[9] = (const struct alias[]){ TIME("timestamp", 0), TIME("eventtime", 1),
				      LEVEL("levelname", 0, SCALE_PYTHON),
				      LEVEL("log.level", 0, SCALE_PINO_OR_SYSLOG),
				      LEVEL("log_level", 0, SCALE_PINO_OR_SYSLOG),
				      SERVICE("component", 3), HOST("host.name", 0),
				      HOST("_hostname", 0), END },
	[10] = (const struct alias[]){ TIME("@timestamp", 0), TIME("event_time", 1),
				       TIME("timemillis", 1), SERVICE("loggername", 4),
				       END },
	[11] = (const struct alias[]){ SERVICE("logger_name", 4),
				       SERVICE("application", 2),
				       HOST("machinename", 2), HOST("source_host", 2),
				       END },
	[12] = (const struct alias[]){ SERVICE("service.name", 0),
				       SERVICE("service_name", 0),
				       LEVEL("severitytext", 0, SCALE_OTEL),
				       TIME("timeunixnano", 0), END },
	[13] = (const struct alias[]){ MESSAGE("short_message", 1),
				       LEVEL("severity_text", 0, SCALE_OTEL), END },
	[14] = (const struct alias[]){ LEVEL("severitynumber", 5, SCALE_OTEL), END },
	[15] = (const struct alias[]){ LEVEL("severity_number", 5, SCALE_OTEL),
				       MESSAGE("renderedmessage", 1),
				       MESSAGE("messagetemplate", 2), END },
	[17] = (const struct alias[]){ SERVICE("syslog_identifier", 1), END },
	[20] = (const struct alias[]){ TIME("__realtime_timestamp", 0), END },
	[25] = (const struct alias[]){ SERVICE("kubernetes.container_name", 4), END },
};

const struct alias *alias_of_key(struct slice key)
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
	case SCALE_PINO_OR_SYSLOG:
	default:
		/* GELF and syslog count to 7, pino and bunyan in tens */
		return value < 8 ? severity_of_syslog(value)
				 : severity_of_tens(value, scale);
	}
}
