"""What is learned: recommenders, blends, lists, evaluation and gates; numpy and scipy in, arrays out."""
