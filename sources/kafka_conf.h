/* kafka_conf.h - the configuration of a librdkafka handle
 *
 * Threads: start-up. Owner: rd_kafka_new takes what is returned, else the caller
 * destroys it. Limits: a file that holds a property is at most 64 KiB.
 */
#ifndef SIFTD_SOURCES_KAFKA_CONF_H
#define SIFTD_SOURCES_KAFKA_CONF_H

#include <librdkafka/rdkafka.h>

#include "sources/kafka.h"

/* NULL with the error filled */
MUST_CHECK rd_kafka_conf_t *kafka_conf_new(const struct kafka_config *config,
					   struct error *error);
/* a consumer that has joined nothing yet; NULL with the error filled */
MUST_CHECK rd_kafka_t *kafka_handle_new(const struct kafka_config *config,
					struct error *error);

#endif
