//! Questions. `{}` stands for what is asked about. The held-out ones are made of words that the others have too.

use crate::synth::Split;
use crate::synth::dice::Dice;

/// The wordings of one question: for training, and held out.
#[derive(Debug, Clone, Copy)]
pub(in crate::synth) struct Wordings {
    pub train: &'static [&'static str],
    pub held_out: &'static [&'static str],
}

/// One of them.
pub(super) fn any(wordings: Wordings, split: Split, dice: &mut Dice) -> &'static str {
    let from = match split {
        Split::Train => wordings.train,
        Split::HeldOut => wordings.held_out,
    };
    dice.pick(from).unwrap_or("")
}

/// One of them about something.
pub(super) fn about(wordings: Wordings, what: &str, split: Split, dice: &mut Dice) -> String {
    any(wordings, split, dice).replace("{}", what)
}

pub(in crate::synth) const DENSE: Wordings = Wordings {
    train: &[
        "Describe every picture.",
        "Describe each picture.",
        "Say what is in every picture.",
        "Tell me what you see in each picture.",
        "Name everything in every picture.",
        "What do you see in each picture?",
    ],
    held_out: &["Say what you see in every picture.", "Name everything you see.", "Tell me what is in each picture."],
};

/// About "everything red" or "every dog that is waving": of every picture.
pub(in crate::synth) const DENSE_OF: Wordings = Wordings {
    train: &[
        "Describe {} in every picture.",
        "Say where you see {} in each picture.",
        "Tell me about {} in every picture.",
        "Name {} that you see in each picture.",
    ],
    held_out: &["Say where {} is in every picture.", "Name {} in each picture."],
};

/// About the same, and silent where there is none.
pub(in crate::synth) const DENSE_ONLY: Wordings = Wordings {
    train: &["Say something only of {}.", "Name {} and nothing more.", "Only report {}.", "Speak only of {}."],
    held_out: &["Report only {}.", "Name only {} and say nothing more."],
};

pub(in crate::synth) const NARRATION: Wordings = Wordings {
    train: &[
        "What is happening?",
        "Say what happens.",
        "Describe what happens.",
        "Tell me what is going on.",
        "Report everything that happens.",
        "Narrate the video.",
        "What is going on here?",
        "Tell me everything as it happens.",
    ],
    held_out: &[
        "Say everything that is going on.",
        "Narrate what happens here.",
        "Report what is happening.",
        "Describe everything as it happens.",
    ],
};

pub(in crate::synth) const EVENT_CAPTION: Wordings = Wordings {
    train: &[
        "Tell me about {}.",
        "Report {}.",
        "Describe {}.",
        "Narrate {}.",
        "Say something about {}.",
        "Give me a report of {}.",
        "Please report {}.",
    ],
    held_out: &["Please tell me about {}.", "Give me something about {}.", "Please say something about {}."],
};

pub(in crate::synth) const ACTION_CAPTION: Wordings = Wordings {
    train: &[
        "What does {} do?",
        "Describe what {} does.",
        "Tell me what {} does.",
        "What is {} doing?",
        "Watch {}.",
        "Report what {} does.",
        "Follow {} and say what it does.",
    ],
    held_out: &["Watch {} and tell me what it does.", "Say what {} does.", "Describe what {} is doing."],
};

/// About a clause with its verb before the subject.
pub(in crate::synth) const GROUNDING_ASKED: Wordings = Wordings {
    train: &["When {}?", "At what time {}?", "Between which seconds {}?", "From when to when {}?"],
    held_out: &["At which seconds {}?", "Between what seconds {}?"],
};

/// About a clause.
pub(in crate::synth) const GROUNDING: Wordings = Wordings {
    train: &["Find when {}.", "Find the time when {}.", "Give me the seconds when {}.", "Find the moment when {}."],
    held_out: &["Find the seconds when {}.", "Give me the time when {}."],
};

pub(in crate::synth) const ALERT: Wordings = Wordings {
    train: &[
        "Tell me when {}.",
        "Alert me when {}.",
        "Warn me when {}.",
        "Let me know when {}.",
        "Say something when {}.",
        "Please tell me when {}.",
        "I want an alert when {}.",
        "Can you tell me when {}?",
        "Can you say something when {}?",
    ],
    held_out: &[
        "Give me an alert when {}.",
        "Can you say when {}?",
        "Please say something when {}.",
        "I want to know when {}.",
    ],
};

/// About "balls that come in".
pub(in crate::synth) const COUNTING: Wordings = Wordings {
    train: &[
        "Count the {}.",
        "Keep count of the {}.",
        "What is the number of {}?",
        "Give me the number of {}.",
        "Say the number of {}.",
        "Please count the {}.",
    ],
    held_out: &["Tell me the number of {}.", "Give me the count of {}.", "Please keep count of the {}."],
};

/// About "balls come in".
pub(in crate::synth) const COUNTING_ASKED: Wordings = Wordings {
    train: &["How many {}?", "Count: how many {}?", "Please say how many {}.", "Can you say how many {}?"],
    held_out: &["Tell me how many {}."],
};

pub(in crate::synth) const HOW_MANY: Wordings = Wordings {
    train: &["How many things are there?", "How many things do you see?", "What is the number of things here?"],
    held_out: &["How many things are here?", "What is the number of things you see?"],
};

pub(in crate::synth) const IS_THERE: Wordings = Wordings {
    train: &[
        "Is there {}?",
        "Do you see {}?",
        "Can you see {}?",
        "Is {} in the picture?",
        "Can you see {} in the picture?",
        "Is there {} in the picture?",
    ],
    held_out: &["Is {} there?", "Do you see {} in the picture?", "Is {} here?"],
};

pub(in crate::synth) const WHAT_COLOUR: Wordings = Wordings {
    train: &["What colour is the {}?", "What is the colour of the {}?", "Which colour does the {} have?"],
    held_out: &["Which colour is the {}?", "What colour does the {} have?"],
};

pub(in crate::synth) const WHERE: Wordings = Wordings {
    train: &["Where is the {}?", "Where do you see the {}?", "Where in the picture is the {}?"],
    held_out: &["Where in the picture do you see the {}?", "Where can you see the {}?"],
};

pub(in crate::synth) const IS_DARK: Wordings = Wordings {
    train: &["Is it dark?", "Is it dark here?", "Is everything dark?", "Is the picture dark?"],
    held_out: &["Is it dark in the picture?", "Is everything here dark?"],
};

pub(in crate::synth) const LAST_LEFT: Wordings = Wordings {
    train: &[
        "What was the last thing that left?",
        "What left last?",
        "Which thing was the last that left?",
        "Tell me what left last.",
    ],
    held_out: &["What was the last that left?", "Which thing left last?"],
};

pub(in crate::synth) const LAST_CAME: Wordings = Wordings {
    train: &[
        "What was the last thing that came in?",
        "What came in last?",
        "Which thing came in last?",
        "Tell me what came in last.",
    ],
    held_out: &["What was the last that came in?", "Which thing was the last that came in?"],
};

pub(in crate::synth) const FIRST_CAME: Wordings = Wordings {
    train: &[
        "What came in first?",
        "What was the first thing that came in?",
        "Which thing was the first that came in?",
        "Tell me what came in first.",
    ],
    held_out: &["Which thing came in first?", "What was the first that came in?"],
};

pub(in crate::synth) const HOW_MANY_CAME: Wordings = Wordings {
    train: &[
        "How many things have come in?",
        "How many things came in?",
        "What is the number of things that came in?",
        "Please say how many things came in.",
        "Can you say how many things have come in?",
        "Tell me the number of things that came in.",
    ],
    held_out: &["What was the number of things that came in?", "Tell me how many things came in."],
};

pub(in crate::synth) const HOW_MANY_LEFT: Wordings = Wordings {
    train: &[
        "How many things have left?",
        "How many things left?",
        "What is the number of things that left?",
        "Please say how many things left.",
        "Can you say how many things have left?",
        "Tell me the number of things that left.",
    ],
    held_out: &["What was the number of things that left?", "Tell me how many things left."],
};

pub(in crate::synth) const COLOUR_LEFT: Wordings = Wordings {
    train: &[
        "What colour was the {} that left?",
        "Which colour did the {} have that left?",
        "Tell me the colour of the {} that left.",
    ],
    held_out: &["Which colour was the {} that left?", "What colour did the {} have that left?"],
};

pub(in crate::synth) const SIDE_LEFT: Wordings = Wordings {
    train: &[
        "Which side did the {} leave to?",
        "To which side did the {} leave?",
        "Where did the {} leave to?",
        "Tell me to which side the {} left.",
    ],
    held_out: &["To which side was it that the {} left?", "Which side was it that the {} left to?"],
};

/// About "a dog come in".
pub(in crate::synth) const DID: Wordings = Wordings {
    train: &["Did {}?", "Did you see {}?", "Was it so: did {}?", "Please say: did {}?"],
    held_out: &["Tell me: did {}?", "Can you tell me: did {}?"],
};

/// All of them.
#[cfg(test)]
pub(in crate::synth) const ALL: [Wordings; 24] = [
    DENSE,
    DENSE_OF,
    DENSE_ONLY,
    NARRATION,
    EVENT_CAPTION,
    ACTION_CAPTION,
    GROUNDING_ASKED,
    GROUNDING,
    ALERT,
    COUNTING,
    COUNTING_ASKED,
    HOW_MANY,
    IS_THERE,
    WHAT_COLOUR,
    WHERE,
    IS_DARK,
    LAST_LEFT,
    LAST_CAME,
    FIRST_CAME,
    HOW_MANY_CAME,
    HOW_MANY_LEFT,
    COLOUR_LEFT,
    SIDE_LEFT,
    DID,
];
