#include <stdio.h>
#include <stdlib.h>

#include "parts.h"

int main(int argc, char **argv)
{
    if (argc > 1)
        return atoi(argv[1]);
    unsigned long product = factorial(5), sum = sum_of_threads(8);
    printf("%lu %lu %d\n", product, sum, status_of_child(argv[0], "3"));
    return 0;
}
