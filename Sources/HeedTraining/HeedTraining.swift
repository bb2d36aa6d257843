// Sources of HeedTraining.
