unsigned long factorial(unsigned n);

/* The sum of what THREADS threads counted to. */
unsigned long sum_of_threads(unsigned threads);

/* The exit status of a child that executes the program with this argument. */
int status_of_child(const char *program, const char *argument);
