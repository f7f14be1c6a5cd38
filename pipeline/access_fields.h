/* access_fields.h - the parts that access logs of all servers share
 *
 * Threads: any; pure.
 * Owner: fields borrow from the text.
 */
#ifndef SIFTD_PIPELINE_ACCESS_FIELDS_H
#define SIFTD_PIPELINE_ACCESS_FIELDS_H

#include <stdbool.h>

#include "pipeline/record.h"

/* from the opening quote to the closing one; backslashes escape */
bool access_take_quoted(struct slice *rest, struct slice *text);
/* up to a blank or the line's end; leading blanks are skipped */
struct slice access_take_field(struct slice *rest);
bool access_is_status(struct slice text);
/* severity, its text and http.status */
void access_apply_status(struct slice status, struct record *record);
/* unless it is empty or "-" */
void access_add(struct record *record, struct slice key, struct slice value);
/* "METHOD TARGET PROTOCOL", without its quotes */
void access_add_request(struct record *record, struct slice request);

#endif
