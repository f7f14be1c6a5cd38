/* text_attributes.h - what a plain message names: pairs, HTTP status, request and user
 *
 * Threads: any; pure.
 * Owner: attributes borrow from the body.
 * Limits: the first 16 KiB of a body; RECORD_ATTRIBUTES_MAX.
 */
#ifndef SIFTD_PIPELINE_TEXT_ATTRIBUTES_H
#define SIFTD_PIPELINE_TEXT_ATTRIBUTES_H

#include "pipeline/record.h"

/* head: the record's bytes in front of its body, where request ids stand in brackets */
void text_attributes_add(struct slice head, struct record *record);

#endif
