/* events_form.h - a page of events in the form that was asked for
 *
 * Threads: one query worker at a time; pure.
 * Owner: nothing is kept; the text is appended to a buffer of the caller's.
 */
#ifndef SIFTD_API_EVENTS_FORM_H
#define SIFTD_API_EVENTS_FORM_H

#include "api/event_filter.h"
#include "api/events_render.h"
#include "base/buf.h"

void events_render_form(const struct events_rendering *rendering, enum event_form form,
			struct buf *out);

#endif
