/* format.h - the shapes of records that have a parser; stored with events: append only
 */
#ifndef SIFTD_PIPELINE_FORMAT_H
#define SIFTD_PIPELINE_FORMAT_H

enum record_format {
	FORMAT_TEXT, /* anything; what the header scanner found, if it did */
	FORMAT_JSON,
	FORMAT_SYSLOG5424,
	FORMAT_SYSLOG3164,
	FORMAT_LOGFMT,
	FORMAT_ACCESS,
	FORMAT_JOURNAL,
	FORMAT_WINDOWS_EVENT,
	FORMAT_AUDIT,
	FORMAT_KUBE_EVENT,
	FORMAT_ENVOY,
	FORMAT_HAPROXY,
	FORMAT_COUNT
};

#endif
