// Sources of HeedModels.
