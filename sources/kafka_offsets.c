/* kafka_offsets.c - one question to each leader for all of its partitions */
#include "sources/kafka_offsets.h"

#include <stddef.h>
#include <stdint.h>

/* offset: RD_KAFKA_OFFSET_BEGINNING or RD_KAFKA_OFFSET_END, which brokers take as times
 */
static rd_kafka_topic_partition_list_t *
query(rd_kafka_t *handle, const rd_kafka_topic_partition_list_t *partitions,
      int64_t offset, struct error *error)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_copy(partitions);
	rd_kafka_resp_err_t result = RD_KAFKA_RESP_ERR_NO_ERROR;

	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = offset;
	result = rd_kafka_offsets_for_times(handle, list, KAFKA_OFFSETS_MS);
	for (int i = 0; i < list->cnt && result == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
		result = list->elems[i].err;
	if (result == RD_KAFKA_RESP_ERR_NO_ERROR)
		return list;
	(void)error_set(error, "offsets of partitions: %s", rd_kafka_err2str(result));
	rd_kafka_topic_partition_list_destroy(list);
	return NULL;
}

void kafka_ends_ask(rd_kafka_t *handle,
		    const rd_kafka_topic_partition_list_t *partitions)
{
	struct error ignored;
	rd_kafka_topic_partition_list_t *ends =
		query(handle, partitions, RD_KAFKA_OFFSET_END, &ignored);

	if (ends != NULL)
		rd_kafka_topic_partition_list_destroy(ends);
}

int kafka_bounds_query(rd_kafka_t *handle,
		       const rd_kafka_topic_partition_list_t *partitions,
		       struct kafka_bounds *out, struct error *error)
{
	*out = (struct kafka_bounds){ 0 };
	out->low = query(handle, partitions, RD_KAFKA_OFFSET_BEGINNING, error);
	if (out->low != NULL)
		out->high = query(handle, partitions, RD_KAFKA_OFFSET_END, error);
	if (out->high != NULL)
		return 0;
	kafka_bounds_deinit(out);
	return -1;
}

void kafka_bounds_deinit(struct kafka_bounds *bounds)
{
	if (bounds->low != NULL)
		rd_kafka_topic_partition_list_destroy(bounds->low);
	if (bounds->high != NULL)
		rd_kafka_topic_partition_list_destroy(bounds->high);
	*bounds = (struct kafka_bounds){ 0 };
}
