/*
 * What takes protections away one by one, so that the tests that should then fail are seen to (make check-teeth). Only
 * a build that was configured with --enable-teeth has it; in any other, nothing of it is in the program.
 */
#ifndef INDYNO_TEETH_H
#define INDYNO_TEETH_H

#include <stdbool.h>

/* Whether protection is in the list that INDYNO_TEETH_OUT has, with commas between. */
#ifdef INDYNO_TEETH
bool teeth_out(const char *protection);
#else
#define teeth_out(protection) false
#endif

#endif
