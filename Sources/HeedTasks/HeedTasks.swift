// Sources of HeedTasks.
