/* kafka_conf.h - the configuration of a librdkafka handle
 *
 * Threads: start-up; producers also later. Owner: the caller destroys the handle.
 * Limits: a file that holds a property is at most 64 KiB.
 */
#ifndef SIFTD_SOURCES_KAFKA_CONF_H
#define SIFTD_SOURCES_KAFKA_CONF_H

#include <librdkafka/rdkafka.h>

#include "sources/kafka.h"

/* a consumer that has joined nothing yet; NULL with the error filled */
MUST_CHECK rd_kafka_t *kafka_handle_new(const struct kafka_config *config,
					struct error *error);
/* an idempotent producer that has connected to nobody yet; a message that is not
 * written after timeout_ms has failed. Of the configuration brokers and properties
 * count */
MUST_CHECK rd_kafka_t *kafka_producer_new(const struct kafka_config *config,
					  unsigned timeout_ms, struct error *error);

#endif
